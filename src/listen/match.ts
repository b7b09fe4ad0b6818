import { isIP, SocketAddress } from 'node:net';
import { formatListenAddress, type ListenAddress, normalizeAddress } from '../base/address.ts';
import { LowportError } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';
import type { InheritedSocket } from './inherit.ts';

/** What the configuration asks for: a socket by its `LISTEN_FDNAMES` name, or by where it listens. */
export interface WantedSocket {
  readonly address: ListenAddress;
  readonly name: string | null;
}

export interface SocketMatch {
  readonly used: readonly InheritedSocket[];
  /** Passed, but not asked for. */
  readonly unused: readonly InheritedSocket[];
}

/**
 * Finds the inherited sockets that the configuration means: by name, else by local address and port; never by order,
 * which socket units do not promise. Nothing wanted: all of them.
 * @throws LowportError INHERITED_SOCKET for a wanted socket that was not passed.
 */
export function matchSockets(wanted: readonly WantedSocket[], inherited: readonly InheritedSocket[]): SocketMatch {
  if (wanted.length === 0) return { used: inherited, unused: [] };
  const free = new Set(inherited);
  const take = (found: readonly InheritedSocket[]): boolean => {
    for (const socket of found) free.delete(socket);
    return found.length > 0;
  };
  // The most exact first, so that a looser wish never takes what a more exact one means.
  const passes: readonly ((wish: WantedSocket, socket: InheritedSocket) => boolean)[] = [
    (wish, socket) => wish.name === socket.name && isSameAddress(wish.address, socket.address),
    (wish, socket) => wish.name === socket.name,
    (wish, socket) => isSameAddress(wish.address, socket.address),
  ];
  let open = wanted;
  for (const fits of passes) {
    open = open.filter((wish) => !take([...free].filter((socket) => fits(wish, socket))));
  }
  const [missing] = open;
  if (missing !== undefined) throw notPassed(missing, inherited);
  return { used: inherited.filter((socket) => !free.has(socket)), unused: [...free] };
}

function isSameAddress(wanted: ListenAddress, actual: ListenAddress | null): boolean {
  if (actual === null) return false;
  if (wanted.kind === 'unix') return actual.kind === 'unix' && wanted.path === actual.path;
  if (actual.kind === 'unix' || wanted.port !== actual.port) return false;
  const host = canonicalHost(actual.host);
  // `0.0.0.0` stands for every address on a machine without IPv6.
  return wanted.host === null ? host === '::' || host === '0.0.0.0' : canonicalHost(wanted.host) === host;
}

function canonicalHost(host: string | null): string {
  const plain = normalizeAddress(host ?? '::');
  if (isIP(plain) !== 6) return plain;
  return new SocketAddress({ family: 'ipv6', address: plain }).address;
}

function notPassed(wanted: WantedSocket, inherited: readonly InheritedSocket[]): LowportError {
  const what = formatListenAddress(wanted.address);
  const wish = wanted.name === null ? what : `'${escapeControls(wanted.name)}' (${what})`;
  return new LowportError(`no inherited socket for ${escapeControls(wish)}`, {
    code: 'INHERITED_SOCKET',
    source: 'config',
    why: [`passed to this process: ${inherited.map(describeSocket).join(', ')}`],
    fixes: [
      { command: 'FileDescriptorName=', effect: 'in the .socket unit: the same name as the listener, or none in both' },
    ],
  });
}

/** `fd 3 'http' at *:80`, escaped. */
export function describeSocket(socket: InheritedSocket): string {
  const where = socket.address === null ? 'an address the kernel does not tell' : formatListenAddress(socket.address);
  return escapeControls(`fd ${socket.fd} '${socket.name}' at ${where}`);
}
