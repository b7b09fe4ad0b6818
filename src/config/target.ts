import { isIP, isIPv4, isIPv6 } from 'node:net';
import { parsePort, splitHostPort } from '../base/address.ts';
import type { Target } from '../proxy/options.ts';
import { type Parsed, quote } from './parsed.ts';

/** `sun_path` holds 108 bytes with the final NUL (unix(7)). */
const MAX_SOCKET_PATH = 107;

const DEFAULT_PORTS = { http: 80, https: 443 } as const;

/**
 * One upstream: `3000` and `:3000` (on 127.0.0.1), `host:port`, `http://host[:port]`, `https://…`, `unix:/path`.
 *
 * A path, query or user in the URL is refused. A path: the request's own path is passed on byte for byte, and what
 * gluing two paths should mean (one slash or two, `..`, the cookie's Path, the Location) is a guess that proxies differ
 * in. A user: it would lie in the process list and the environment, and nothing would send it.
 */
export function parseTarget(text: string): Parsed<Target> {
  if (/[\s\p{Cc}\\]/u.test(text)) return { fault: `${quote(text)} holds a space, a backslash or a control character` };
  if (text.startsWith('unix:')) return parseUnix(text);
  const bare = parsePort(text.startsWith(':') ? text.slice(1) : text);
  if (bare !== null) return withPort('http', '127.0.0.1', bare, text);
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? null;
  if (scheme !== null && scheme !== 'http' && scheme !== 'https') return { fault: wrongScheme(scheme) };
  const rest = scheme === null ? text : text.slice(scheme.length + 3);
  return parseAuthority(text, scheme, rest.endsWith('/') ? rest.slice(0, -1) : rest);
}

/** The absolute path in `unix:/path` (or `unix:///path`), checked for what a socket address can hold. */
export function parseSocketPath(text: string): Parsed<string> {
  const path = text.replace(/^unix:(\/\/(?=\/))?/, '');
  if (!path.startsWith('/')) return { fault: `${quote(text)} must name an absolute path, like unix:/run/app.sock` };
  if (path.includes('\0')) return { fault: 'a socket path cannot hold a NUL' };
  if (path.endsWith('/')) return { fault: `${quote(text)} names a directory` };
  const length = Buffer.byteLength(path);
  if (length > MAX_SOCKET_PATH) {
    return { fault: `the socket path has ${length} bytes, and Linux takes no more than ${MAX_SOCKET_PATH}` };
  }
  return { value: path };
}

/** An IP address or a host name in ASCII; not a number that some resolvers would read as an address (`127.1`, `0x7f000001`). */
export function isHost(text: string): boolean {
  if (isIP(text) !== 0) return true;
  if (text.length > 253 || !/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(text)) {
    return false;
  }
  const labels = text.replace(/\.$/, '').split('.');
  return labels.every((label) => label.length <= 63) && !/^(\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '');
}

function parseUnix(text: string): Parsed<Target> {
  const path = parseSocketPath(text);
  if ('fault' in path) return path;
  return { value: { protocol: 'http', host: 'localhost', port: 80, socketPath: path.value } };
}

function wrongScheme(scheme: string): string {
  if (scheme === 'ws' || scheme === 'wss') {
    return `${scheme}:// is not needed: http${scheme === 'wss' ? 's' : ''}:// passes WebSocket on as well`;
  }
  return `${scheme}:// is not supported: use http://, https:// or unix:`;
}

function parseAuthority(text: string, scheme: 'http' | 'https' | null, authority: string): Parsed<Target> {
  if (authority.includes('@')) return { fault: 'a target takes no user or password: let the client send them' };
  if (/[/?#]/.test(authority)) {
    return {
      fault: `${quote(text)} has a path or query: a target is a server only, the request's own path is passed on`,
    };
  }
  const parts = splitHostPort(authority);
  if (parts === null) return { fault: `${quote(text)} is not a target: ${TARGET_FORMS}` };
  const host = parts.host.toLowerCase();
  if (!isHost(host) || (isIPv6(host) && !authority.startsWith('['))) return { fault: hostFault(text, host) };
  if (parts.port === null && scheme === null) {
    return { fault: `${quote(text)} has no port: write ${text}:3000, or http://${text} for port 80` };
  }
  const protocol = scheme ?? 'http';
  return withPort(protocol, host, parts.port ?? DEFAULT_PORTS[protocol], text);
}

const TARGET_FORMS = 'write 3000, host:3000, http://host, https://host or unix:/path';

function hostFault(text: string, host: string): string {
  if (isIPv6(host)) return `${quote(text)} needs brackets: [${host}]:3000`;
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) return `${quote(host)} is not an IPv4 address`;
  return `${quote(host)} is not a host name: ${TARGET_FORMS}`;
}

function withPort(protocol: 'http' | 'https', host: string, port: number, text: string): Parsed<Target> {
  if (port === 0) return { fault: `${quote(text)} has port 0, which nothing listens on` };
  return { value: { protocol, host, port, socketPath: null } };
}
