import { lookup } from 'node:dns/promises';
import { lchownSync } from 'node:fs';
import { createServer, isIP, type ListenOptions, type Server } from 'node:net';
import type { ListenAddress, TcpListenAddress, UnixListenAddress } from '../base/address.ts';
import { errnoOf, LowportError } from '../base/errors.ts';
import { LISTEN_BACKLOG } from './backlog.ts';
import type { PassedDescriptor } from './passed.ts';
import { clearSocketPath, closeKeepingPath, type SocketFile, socketFileAt } from './unix-path.ts';

/** Every bit of a file's permissions, what umask(2) is the complement of. */
const ALL_PERMISSIONS = 0o777;

/** What socket(2) or bind(2) says to `::` on a machine without IPv6; libuv turns the EAFNOSUPPORT of bind into EINVAL. */
const NO_IPV6: readonly (string | undefined)[] = ['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'];

export interface BindRequest {
  readonly address: ListenAddress;
  readonly name: string | null;
}

export interface BindOptions {
  /** Who shall own the files of unix sockets; null: whoever binds. */
  readonly owner: { readonly uid: number; readonly gid: number } | null;
  /** Turns what bind(2) said into an error for a person. */
  readonly explain: (error: unknown, address: ListenAddress) => Promise<LowportError>;
}

/** A socket that listens, still in this process. */
interface BoundSocket extends PassedDescriptor {
  /** Where it really listens: port 0 replaced, `0.0.0.0` where there is no IPv6. */
  readonly address: ListenAddress;
  readonly file: SocketFile | null;
}

export interface BoundSockets {
  readonly sockets: readonly BoundSocket[];
  /** Closes this process's copies; the sockets live on in the process that they were handed to. */
  release(): void;
  /** Closes the sockets for good. */
  close(): void;
}

/**
 * Opens listening sockets to be handed on, never to be accepted on here. libuv watches a listening socket from the next
 * turn of the event loop on, so whoever calls this must `release()` or `close()` in the same macrotask that it resolves
 * in: nothing but microtasks in between.
 * @throws LowportError as `explain` makes it, or ADDRESS_IN_USE for the path of a unix socket. Then none stays open.
 */
export async function bindSockets(requests: readonly BindRequest[], options: BindOptions): Promise<BoundSockets> {
  // All that waits comes first; from the first bind on nothing may.
  const resolved = await Promise.all(requests.map((request) => prepare(request, options)));
  const opened: Opened[] = [];
  try {
    for (const request of resolved) opened.push(await open(request, options));
  } catch (error) {
    for (const { server } of opened) server.close();
    const failed = resolved[opened.length];
    throw error instanceof LowportError || failed === undefined ? error : await options.explain(error, failed.address);
  }
  return {
    sockets: opened.map(({ socket }) => socket),
    release: () => opened.forEach(releaseCopy),
    close: () => {
      for (const { server } of opened) server.close();
    },
  };
}

interface Opened {
  readonly server: Server;
  readonly socket: BoundSocket;
}

async function prepare(request: BindRequest, options: BindOptions): Promise<BindRequest> {
  const { address } = request;
  try {
    if (address.kind === 'unix') await clearSocketPath(address.path);
    else if (address.host !== null && isIP(address.host) === 0) {
      const found = await lookup(address.host);
      return { ...request, address: { ...address, host: found.address } };
    }
    return request;
  } catch (error) {
    throw error instanceof LowportError ? error : await options.explain(error, address);
  }
}

async function open(request: BindRequest, options: BindOptions): Promise<Opened> {
  const { address } = request;
  const server = createServer();
  try {
    const bound = address.kind === 'unix' ? openUnix(server, address, options) : openTcp(server, address);
    const actual = await bound;
    const name = request.name ?? 'lowport';
    const file = actual.kind === 'unix' ? socketFileAt(actual.path) : null;
    return { server, socket: { fd: descriptorOf(server), name, address: actual, file } };
  } catch (error) {
    server.close();
    throw error;
  }
}

async function openTcp(server: Server, address: TcpListenAddress): Promise<ListenAddress> {
  const { host, port } = address;
  if (host !== null) {
    await listen(server, { host, port });
  } else {
    try {
      // Spelt out, because Node's own default falls back to IPv4 for every error, a port in use among them.
      await listen(server, { host: '::', port, ipv6Only: false });
    } catch (error) {
      if (!NO_IPV6.includes(errnoOf(error))) throw error;
      await listen(server, { host: '0.0.0.0', port });
    }
  }
  const actual = server.address();
  if (actual === null || typeof actual === 'string') throw new LowportError('no address after bind', INTERNAL);
  return { kind: 'tcp', host: host === null && actual.address === '::' ? null : actual.address, port: actual.port };
}

async function openUnix(server: Server, address: UnixListenAddress, options: BindOptions): Promise<ListenAddress> {
  // The file is born with its mode (bind(2) applies the umask to 0777): no chmod(2), no moment when it is too open.
  const previous = address.mode === null ? null : process.umask(ALL_PERMISSIONS & ~address.mode);
  let bound: Promise<void>;
  try {
    bound = listen(server, { path: address.path });
  } finally {
    if (previous !== null) process.umask(previous);
  }
  await bound;
  if (options.owner !== null) lchownSync(address.path, options.owner.uid, options.owner.gid);
  return address;
}

function listen(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const settled = (): void => {
      server.off('error', failed);
      resolve();
    };
    const failed = (error: Error): void => {
      server.off('listening', settled);
      reject(error);
    };
    server.once('listening', settled);
    server.once('error', failed);
    // `exclusive`: not through the primary of a node:cluster.
    server.listen({ ...options, backlog: LISTEN_BACKLOG, exclusive: true });
  });
}

function releaseCopy({ server, socket }: Opened): void {
  if (socket.file === null) server.close();
  else closeKeepingPath(socket.file.path, () => server.close());
}

const INTERNAL = { code: 'INTERNAL', source: 'internal' } as const;

/** The only place that looks inside Node: there is no public way to the descriptor of a listening socket. */
function descriptorOf(server: Server): number {
  const handle: unknown = '_handle' in server ? server._handle : null;
  if (typeof handle === 'object' && handle !== null && 'fd' in handle && typeof handle.fd === 'number') {
    if (handle.fd >= 0) return handle.fd;
  }
  throw new LowportError('this version of Node does not show the descriptor of a listening socket', INTERNAL);
}
