import { randomBytes } from 'node:crypto';
import { lstatSync, renameSync, type Stats, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { errnoOf, LowportError } from '../base/errors.ts';

/** A socket file that this service made, so that it removes no other one in its place. */
export interface SocketFile {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/**
 * Makes way for bind(2): removes a socket file that nobody listens on any more.
 * @throws LowportError ADDRESS_IN_USE where somebody does, or where the path is something else than a socket.
 */
export async function clearSocketPath(path: string): Promise<void> {
  const stats = statOrNull(path);
  if (stats === null) return;
  if (!stats.isSocket()) throw inUse(path, 'a file is in the way, and it is not a socket');
  if (await isLive(path)) throw inUse(path, 'another program listens there');
  const now = statOrNull(path);
  if (now !== null && now.ino === stats.ino && now.dev === stats.dev) unlinkSync(path);
}

/** The file that bind(2) just made. */
export function socketFileAt(path: string): SocketFile {
  const { dev, ino } = lstatSync(path);
  return { path, dev, ino };
}

/** Removes the file at the end of the service, if it still is ours and the directory lets us. */
export function removeSocketFile(file: SocketFile): void {
  try {
    const now = lstatSync(file.path);
    if (now.dev === file.dev && now.ino === file.ino) unlinkSync(file.path);
  } catch {
    // Gone already, or in a directory of root's: there the file stays, and the next start finds it stale.
  }
}

/**
 * Runs `close` while `path` is out of the way: libuv unlinks the path of every pipe that it bound (uv__pipe_close),
 * but here the socket lives on in another process. Where the directory may not be written, neither can libuv unlink.
 */
export function closeKeepingPath(path: string, close: () => void): void {
  const aside = join(dirname(path), `.${randomBytes(3).toString('hex')}`);
  let moved = false;
  try {
    renameSync(path, aside);
    moved = true;
  } catch {
    // Not writable: see above.
  }
  close();
  if (moved) renameSync(aside, path);
}

/** connect(2) is refused exactly when nobody listens. Any other failure (no permission, queue full) is a living one. */
function isLive(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(errnoOf(error) ?? '')));
  });
}

function statOrNull(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

function inUse(path: string, why: string): LowportError {
  return new LowportError(`unix socket ${path}: address in use`, {
    code: 'ADDRESS_IN_USE',
    source: 'system',
    why: [why],
    fixes: [{ command: `ss -xlp src ${path}`, effect: 'shows who listens there, if anybody' }],
  });
}
