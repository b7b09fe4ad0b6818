import { fstatSync, type Stats } from 'node:fs';
import type { ListenAddress } from '../base/address.ts';
import { errnoOf, type Fix, LowportError } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';
import { type KernelSocket, readKernelSockets } from './kernel-sockets.ts';
import { LISTEN_VARIABLES, type PassedDescriptor, passedDescriptors } from './passed.ts';

/** A listening stream socket that was open when this process started. */
export interface InheritedSocket {
  readonly fd: number;
  /** From `LISTEN_FDNAMES` (`FileDescriptorName=` of the socket unit); several sockets may share one. */
  readonly name: string;
  /**
   * Where it listens, as the kernel says; the wildcard is `::` or `0.0.0.0`. Null where the kernel does not tell: the
   * socket belongs to another network namespace (`PrivateNetwork=yes`) or listen(2) was not called on it yet.
   */
  readonly address: ListenAddress | null;
}

export interface ListenFdsOptions {
  /** Leave `LISTEN_*` in `process.env`, so that a later call finds the sockets again. Default false. */
  readonly keepEnvironment?: boolean;
}

/**
 * The sockets that systemd, or anything that speaks its protocol (sd_listen_fds(3)), passed to this process.
 * Empty where there are none, or where they were meant for another process (`LISTEN_PID`). Takes `LISTEN_*` out of
 * `process.env`, so that programs started from here do not take them for theirs.
 *
 * ```js
 * for (const { fd, name } of listenFds()) http.createServer(handler).listen({ fd })
 * ```
 * @throws LowportError `INHERITED_SOCKET` where a descriptor is not a listening stream socket.
 */
export function listenFds(options: ListenFdsOptions = {}): readonly InheritedSocket[] {
  const passed = passedDescriptors(process.env, process.pid);
  if (options.keepEnvironment !== true) for (const name of LISTEN_VARIABLES) delete process.env[name];
  if (passed.length === 0) return [];
  const known = readKernelSockets();
  return passed.map((descriptor) => inspect(descriptor, known));
}

function inspect(descriptor: PassedDescriptor, known: ReadonlyMap<number, KernelSocket>): InheritedSocket {
  const stats = statOf(descriptor);
  if (!stats.isSocket()) throw notASocket(descriptor, describeFile(stats), FIX_DESCRIPTOR);
  // For a socket, st_ino is the inode that /proc/net lists.
  const socket = known.get(stats.ino);
  if (socket === undefined) return { ...descriptor, address: null };
  if (!socket.listening) throw notASocket(descriptor, describeSocket(socket), fixFor(socket));
  return { ...descriptor, address: socket.address };
}

function statOf(descriptor: PassedDescriptor): Stats {
  try {
    return fstatSync(descriptor.fd);
  } catch (error) {
    const what = errnoOf(error) === 'EBADF' ? 'closed' : 'unreadable';
    throw notASocket(descriptor, what, FIX_DESCRIPTOR, error);
  }
}

function describeFile(stats: Stats): string {
  if (stats.isFile()) return 'a regular file';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isCharacterDevice()) return 'a character device';
  // An anonymous inode, such as the epoll instance that Node opens where the first descriptor is free.
  return 'no file (was it open when this program started?)';
}

function describeSocket(socket: KernelSocket): string {
  return socket.kind.endsWith('stream socket') || socket.kind === 'a TCP socket'
    ? `${socket.kind} that does not listen (one accepted connection?)`
    : socket.kind;
}

const FIX_DESCRIPTOR: Fix = {
  command: 'ListenStream=80',
  effect: 'in the .socket unit passes a listening socket; other descriptors must not be counted in LISTEN_FDS',
};

function fixFor(socket: KernelSocket): Fix {
  if (socket.kind === 'a TCP socket' || socket.kind === 'a unix stream socket') {
    return { command: 'Accept=no', effect: 'in the .socket unit passes the listening socket, not each connection' };
  }
  return { command: 'ListenStream=', effect: 'in the .socket unit, instead of ListenDatagram= and its like' };
}

function notASocket(descriptor: PassedDescriptor, what: string, fix: Fix, cause?: unknown): LowportError {
  const name = escapeControls(descriptor.name);
  return new LowportError(`descriptor ${descriptor.fd} ('${name}') is not a listening stream socket`, {
    code: 'INHERITED_SOCKET',
    source: 'system',
    why: [`it is ${what}`],
    fixes: [fix],
    cause,
  });
}
