import { isIP, isIPv6, SocketAddress } from 'node:net';

/** A TCP address to listen on. `host: null` is every address, IPv4 and IPv6 on one dual-stack socket. */
export interface TcpListenAddress {
  readonly kind: 'tcp';
  readonly host: string | null;
  readonly port: number;
}

/** A stream socket in the file system. `mode` (for example 0o660) is applied after bind; null leaves it to the umask. */
export interface UnixListenAddress {
  readonly kind: 'unix';
  readonly path: string;
  readonly mode: number | null;
}

export type ListenAddress = TcpListenAddress | UnixListenAddress;

const MAX_PORT = 65_535;

/** `host:port` with IPv6 in brackets; `*` for every address. */
export function formatHostPort(host: string | null, port: number): string {
  if (host === null) return `*:${port}`;
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

export function formatListenAddress(address: ListenAddress): string {
  return address.kind === 'unix' ? `unix:${address.path}` : formatHostPort(address.host, address.port);
}

/** A decimal port 0–65535, digits only; null if the text is not one. */
export function parsePort(text: string): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const port = Number(text);
  return port <= MAX_PORT ? port : null;
}

/**
 * Splits `host`, `host:port`, `[v6]` or `[v6]:port`. A bare IPv6 address has no port.
 * Returns null where the port is not a number or the brackets do not hold an IPv6 address.
 */
export function splitHostPort(text: string): { host: string; port: number | null } | null {
  if (text.startsWith('[')) {
    const close = text.indexOf(']');
    if (close < 0) return null;
    const host = text.slice(1, close);
    if (!isIPv6(host)) return null;
    const rest = text.slice(close + 1);
    if (rest === '') return { host, port: null };
    const port = rest.startsWith(':') ? parsePort(rest.slice(1)) : null;
    return port === null ? null : { host, port };
  }
  const colon = text.indexOf(':');
  if (colon < 0) return text === '' ? null : { host: text, port: null };
  if (text.indexOf(':', colon + 1) >= 0) return isIPv6(text) ? { host: text, port: null } : null;
  const port = parsePort(text.slice(colon + 1));
  return port === null || colon === 0 ? null : { host: text.slice(0, colon), port };
}

/** `::ffff:192.0.2.1` (how a dual-stack socket shows an IPv4 peer) as `192.0.2.1`; anything else as it is. */
export function normalizeAddress(address: string): string {
  if (!address.startsWith('::ffff:')) return address;
  const tail = address.slice(7);
  return isIP(tail) === 4 ? tail : address;
}

/** One spelling per address: IPv6 compressed and without zone, IPv4-mapped as IPv4; anything else as it is. */
export function canonicalAddress(host: string): string {
  if (!isIPv6(host)) return host;
  return normalizeAddress(new SocketAddress({ address: host, family: 'ipv6' }).address);
}
