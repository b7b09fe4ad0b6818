import { splitHostPort } from '../base/address.ts';
import { HttpError } from './http-error.ts';

/** The four forms of a request target (RFC 9112 §3.2). */
export type RequestTarget =
  | { readonly form: 'origin' }
  | { readonly form: 'absolute'; readonly scheme: string; readonly authority: string; readonly path: string }
  | { readonly form: 'authority'; readonly host: string; readonly port: number }
  | { readonly form: 'asterisk' };

const ORIGIN: RequestTarget = { form: 'origin' };
const ASTERISK: RequestTarget = { form: 'asterisk' };

/** @throws HttpError 400 where the target does not fit the method. */
export function parseTarget(method: string, target: string): RequestTarget {
  if (method === 'CONNECT') return authorityForm(target);
  if (target.startsWith('/')) {
    // No request target has a fragment; servers that get one disagree on whether the path ends before it.
    if (target.includes('#')) throw new HttpError(400, 'fragment in the request target');
    return ORIGIN;
  }
  if (target === '*' && method === 'OPTIONS') return ASTERISK;
  return absoluteForm(method, target);
}

function authorityForm(target: string): RequestTarget {
  const authority = splitHostPort(target);
  if (authority === null || authority.port === null || authority.port === 0 || !isHostText(target)) {
    throw new HttpError(400, 'CONNECT needs host:port');
  }
  return { form: 'authority', host: authority.host, port: authority.port };
}

function absoluteForm(method: string, target: string): RequestTarget {
  const match = /^([A-Za-z]+):\/\/([^/?#]*)([^#]*)$/.exec(target);
  if (match === null) throw new HttpError(400, 'malformed request target');
  const [, scheme = '', authority = '', rest = ''] = match;
  // User information in an http URI is deprecated and only good for deceiving (RFC 9110 §4.2.4).
  if (!isHostText(authority) || authority === '') throw new HttpError(400, 'malformed authority');
  // RFC 9112 §3.2.4: the last proxy sends `OPTIONS http://host` on as `OPTIONS *`.
  const path = rest === '' && method === 'OPTIONS' ? '*' : rest.startsWith('/') ? rest : `/${rest}`;
  return { form: 'absolute', scheme: scheme.toLowerCase(), authority, path };
}

const HOST_TEXT = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]*)(?::\d{0,5})?$/;

/** `uri-host [":" port]` (RFC 9110 §7.2): no user information, comma, white space or path. */
export function isHostText(text: string): boolean {
  return HOST_TEXT.test(text);
}
