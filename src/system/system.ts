import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readdirSync, readlinkSync, readSync, type Stats, statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { errnoOf } from '../base/errors.ts';

/** What a look at the machine gave: the value, or the errno name (`ENOENT`, `EACCES` …) of why not. */
export type Result<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errno: string };

export interface FileInfo {
  readonly kind: 'file' | 'directory' | 'socket' | 'other';
  readonly uid: number;
  readonly gid: number;
  /** Permission bits with setuid, setgid and sticky (0o7777). */
  readonly mode: number;
}

/** Read-only access to a file tree. Paths are absolute within it; symbolic links are followed. */
export interface Files {
  /** At most MAX_TEXT_BYTES; a longer file is `EFBIG`. */
  readText(path: string): Result<string>;
  readLink(path: string): Result<string>;
  listDirectory(path: string): Result<readonly string[]>;
  stat(path: string): Result<FileInfo>;
}

interface ExecOutcome {
  readonly status: number;
  readonly stdout: string;
}

export interface InterfaceAddress {
  readonly interfaceName: string;
  readonly address: string;
}

/** The only door to what lies outside this process. */
export interface System extends Files {
  /**
   * Runs a program of the system's directories (EXEC_PATH, not the caller's PATH) with `LC_ALL=C` and nothing else in
   * its environment. Never a shell. A program that is killed, or cut off by the limits, is an errno.
   */
  exec(argv: readonly [string, ...string[]], options?: { readonly timeoutMs?: number }): Result<ExecOutcome>;
  /** Addresses of the interfaces that are up in this network namespace. */
  interfaceAddresses(): Result<readonly InterfaceAddress[]>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Enough for /proc/net/tcp with 200,000 connections, and an end for a file that has none. */
const MAX_TEXT_BYTES = 32 * 1024 * 1024;
const READ_CHUNK_BYTES = 64 * 1024;
const EXEC_TIMEOUT_MS = 2_000;
const MAX_EXEC_OUTPUT_BYTES = 1024 * 1024;
/** Fixed, because lowport may be root while PATH belongs to whoever called it. The last entry is NixOS's. */
const EXEC_PATH = '/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin';

/** The files under `root`: `/` for this machine, or a folder that holds another machine's. */
export function filesUnder(root: string): Files {
  return {
    readText: (path) => attempt(() => readLimited(join(root, path))),
    readLink: (path) => attempt(() => readlinkSync(join(root, path))),
    listDirectory: (path) => attempt(() => readdirSync(join(root, path))),
    stat: (path) => attempt(() => fileInfo(statSync(join(root, path)))),
  };
}

export const realSystem: System = {
  ...filesUnder('/'),
  exec: execute,
  interfaceAddresses: () =>
    attempt(() =>
      Object.entries(networkInterfaces()).flatMap(([interfaceName, addresses = []]) =>
        addresses.map(({ address }) => ({ interfaceName, address })),
      ),
    ),
  env: process.env,
};

function execute(argv: readonly [string, ...string[]], options: { readonly timeoutMs?: number } = {}) {
  const [program, ...args] = argv;
  return attempt((): ExecOutcome => {
    const { status, stdout, error, signal } = spawnSync(program, args, {
      cwd: '/',
      env: { LC_ALL: 'C', PATH: EXEC_PATH },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: options.timeoutMs ?? EXEC_TIMEOUT_MS,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_EXEC_OUTPUT_BYTES,
    });
    if (error !== undefined) throw error;
    if (status === null) throw new ErrnoError(signal ?? 'EINTR');
    return { status, stdout };
  });
}

/** Carries an errno that no system call of ours returned. */
class ErrnoError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

function attempt<T>(look: () => T): Result<T> {
  try {
    return { ok: true, value: look() };
  } catch (error) {
    return { ok: false, errno: errnoOf(error) ?? 'EIO' };
  }
}

/** Files of procfs have size 0 and must be read to their end. */
function readLimited(path: string): string {
  const fd = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(READ_CHUNK_BYTES);
      const length = readSync(fd, chunk);
      if (length === 0) return Buffer.concat(chunks).toString('utf8');
      total += length;
      if (total > MAX_TEXT_BYTES) throw new ErrnoError('EFBIG');
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(fd);
  }
}

function fileInfo(stats: Stats): FileInfo {
  return { kind: kindOf(stats), uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o7777 };
}

function kindOf(stats: Stats): FileInfo['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSocket() ? 'socket' : 'other';
}
