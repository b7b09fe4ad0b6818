import { isIPv6 } from 'node:net';
import { parsePort, splitHostPort } from '../base/address.ts';
import { type Parsed, quote } from './parsed.ts';
import { isHost, parseSocketPath } from './target.ts';

/** Where to listen, as `--host` says it: the port may come from elsewhere. */
export type ListenPlace =
  | { readonly kind: 'tcp'; readonly host: string | null; readonly port: number | null }
  | { readonly kind: 'unix'; readonly path: string };

/** An address, a name, either with `:port`, `*` for every address, or `unix:/path`. */
export function parseListenPlace(text: string): Parsed<ListenPlace> {
  if (text.startsWith('unix:')) {
    const path = parseSocketPath(text);
    return 'fault' in path ? path : { value: { kind: 'unix', path: path.value } };
  }
  if (/^\d+$/.test(text)) return { fault: `${quote(text)} is a port, not an address: use --port ${text}` };
  if (text.includes('://')) return { fault: `${quote(text)} is a URL: a listener is an address, like 192.168.2.7` };
  const parts = splitHostPort(text);
  if (parts === null) return { fault: `${quote(text)} is not an address to listen on` };
  if (parts.host === '*') return { value: { kind: 'tcp', host: null, port: parts.port } };
  if (!isHost(parts.host) && !isIPv6(parts.host))
    return { fault: `${quote(parts.host)} is not an address or a host name` };
  return { value: { kind: 'tcp', host: parts.host, port: parts.port } };
}

/** A listener in the file: a port, or what `--host` takes. */
export function parseListenText(text: string): Parsed<ListenPlace> {
  if (!/^:?\d+$/.test(text)) return parseListenPlace(text);
  const port = parseListenPort(text.replace(':', ''));
  return 'fault' in port ? port : { value: { kind: 'tcp', host: null, port: port.value } };
}

/** A port to listen on; 0 lets the kernel choose. */
export function parseListenPort(text: string): Parsed<number> {
  const port = parsePort(text);
  return port === null ? { fault: `${quote(text)} is not a port (0 to 65535)` } : { value: port };
}

/** Permission bits in octal: `660`, `0660`, `0o660`. */
export function parseMode(text: string): Parsed<number> {
  const digits = /^(?:0o?)?([0-7]{3})$/.exec(text)?.[1];
  if (digits === undefined) return { fault: `${quote(text)} is not a file mode: write it in octal, like "0660"` };
  return { value: Number.parseInt(digits, 8) };
}
