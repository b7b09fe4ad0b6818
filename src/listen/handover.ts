import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { LowportError, messageOf } from '../base/errors.ts';
import { type Environment, LISTEN_VARIABLES, type PassedDescriptor } from './passed.ts';

export interface HandoverOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly sockets: readonly PassedDescriptor[];
  readonly env: Environment;
  /** What this process has, and the program shall not. */
  readonly held: HeldPrivileges;
  /** In a session of its own: signals from the terminal reach only the parent. */
  readonly detached: boolean;
}

/** The part of /proc/self/status that passes through execve(2). */
export interface HeldPrivileges {
  readonly noNewPrivs: boolean;
  readonly capabilities: { readonly inheritable: bigint; readonly ambient: bigint };
}

/** Where programs live, for an empty or narrow PATH. */
const SYSTEM_PATH = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** LISTEN_PID has to be the pid of the program itself, which only the process that becomes it knows. */
const SET_LISTEN_PID = 'LISTEN_PID=$$ exec "$@"';

/**
 * Starts a program with listening sockets from descriptor 3 on, as sd_listen_fds(3) expects them, with an IPC channel
 * after them, and without any privilege. stdin is empty; stdout and stderr are shared.
 * @throws LowportError SYSTEM where the process cannot be made. A program that is missing exits with 126 or 127.
 */
export function startWithSockets(options: HandoverOptions): ChildProcess {
  const { sockets } = options;
  const passed = {
    LISTEN_FDS: String(sockets.length),
    LISTEN_FDNAMES: sockets.map(({ name }) => fdName(name)).join(':'),
  };
  const [command = '/bin/sh', ...args] = [
    ...shedPrefix(options.held),
    '/bin/sh',
    '-c',
    SET_LISTEN_PID,
    'sh',
    options.program,
    ...options.args,
  ];
  const spawnOptions: SpawnOptions = {
    stdio: ['ignore', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd), 'ipc'],
    env: { ...withoutListen(options.env), ...passed },
    detached: options.detached,
  };
  try {
    // execve(2) failing with EPERM is thrown, not emitted.
    return spawn(command, args, spawnOptions);
  } catch (error) {
    throw new LowportError(`cannot start ${options.program}`, {
      code: 'SYSTEM',
      source: 'system',
      why: [messageOf(error)],
      cause: error,
    });
  }
}

/** A program on PATH that may be executed, or null. */
function findProgram(name: string): string | null {
  for (const directory of [...(process.env.PATH ?? '').split(':'), ...SYSTEM_PATH]) {
    if (!directory.startsWith('/')) continue;
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return null;
}

/**
 * no_new_privs, so that a file capability on the program is not gained, and empty inheritable and ambient sets. The
 * bounding set stays: execve(2) of a file with a capability outside of it fails with EPERM. Only what is left to do is
 * asked for: under a system call filter (`~@privileged`) capset(2) fails even where it changes nothing.
 */
function shedPrefix({ noNewPrivs, capabilities }: HeldPrivileges): readonly string[] {
  const held = capabilities.inheritable | capabilities.ambient;
  if (noNewPrivs && held === 0n) return [];
  const setpriv = findProgram('setpriv');
  if (setpriv === null) return [];
  // BusyBox's setpriv knows no `-all`.
  const all = held !== 0n && basename(realpathSync(setpriv)) !== 'busybox';
  return [setpriv, '--no-new-privs', ...(all ? ['--inh-caps=-all', '--ambient-caps=-all'] : [])];
}

/** A colon separates names; systemd allows printable ASCII only (systemd.socket(5), FileDescriptorName=). */
function fdName(name: string): string {
  return name.replace(/[^\x20-\x39\x3b-\x7e]/g, '_');
}

function withoutListen(env: Environment): Environment {
  const names: readonly string[] = LISTEN_VARIABLES;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
