import { splitHostPort } from '../base/address.ts';

const SUFFIX = '.local';
const HTTP_PORT = 80;
const MAX_NAME = 253;
/** At least two labels (RFC 1123 §2.1, and the underscore that names in use have). */
const TWO_LABELS = /^(?:[a-z0-9_-]{1,63}\.)+[a-z0-9_-]{1,63}$/;
/** A last label that makes resolvers read the name as an IPv4 address (WHATWG URL, "ends in a number"). */
const ENDS_IN_NUMBER = /\.(?:\d+|0x[0-9a-f]*)$/;

/**
 * `example.com.local` means `example.com:80`; a port of its own is kept. Null where the suffix means nothing: names
 * with one label before it, which are mDNS (`printer.local`), names that look like IP addresses, anything malformed.
 */
export function stripLocalSuffix(authority: string): { host: string; port: number } | null {
  const parts = splitHostPort(authority);
  if (parts === null || parts.port === 0) return null;
  const lower = parts.host.toLowerCase();
  const name = lower.endsWith('.') ? lower.slice(0, -1) : lower;
  if (!name.endsWith(SUFFIX) || name.length > MAX_NAME) return null;
  const host = name.slice(0, -SUFFIX.length);
  if (!TWO_LABELS.test(host) || ENDS_IN_NUMBER.test(host)) return null;
  return { host, port: parts.port ?? HTTP_PORT };
}
