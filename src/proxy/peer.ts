import type { Server, Socket } from 'node:net';

/** What stands for the peer of a connection on a unix socket, which has no address. */
export const UNIX_PEER = 'unix:';

/** Whether a listening server is on a unix socket. Ask once, when it listens: the answer costs a system call. */
export function listensOnUnixSocket(server: Server): boolean {
  // Node gives a TCP socket's address as an object, a unix socket's as its path, or null where it was inherited.
  const address = server.address();
  return server.listening && (address === null || typeof address === 'string');
}

/**
 * The peer's address, or `UNIX_PEER`. Null where a TCP peer has none: it sent a reset before it was accepted, so the
 * kernel forgot who it was (`ENOTCONN`), yet what it had sent is still delivered. Such a connection must be
 * destroyed unread: taken for a unix peer, it would give anyone the rights of a local client.
 */
export function peerOf(socket: Socket, onUnixSocket: boolean): string | null {
  return onUnixSocket ? UNIX_PEER : (socket.remoteAddress ?? null);
}
