import { isIPv6 } from 'node:net';
import { splitHostPort } from '../base/address.ts';
import type { Target } from './options.ts';

const HTTP_PORT = 80;
const HTTPS_PORT = 443;
/** A name or an IPv4 address. */
const HOST = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,253}$/;

/** The value of `X-Proxy-Server`, `host[:port]` with 443 meaning https; null if it is not of that form. */
export function parseProxyServer(value: string): Target | null {
  const parts = splitHostPort(value);
  if (parts === null || parts.port === 0) return null;
  const { host } = parts;
  if (!HOST.test(host) && (!isIPv6(host) || host.includes('%'))) return null;
  const port = parts.port ?? HTTP_PORT;
  return { protocol: port === HTTPS_PORT ? 'https' : 'http', host, port, socketPath: null };
}
