import { domainToASCII } from 'node:url';
import { parsePort } from '../base/address.ts';
import { parseCidr } from '../base/address-set.ts';
import { ACCESS_LOG_FORMATS, type AccessLogFormat } from './config.ts';
import { suggestion } from './nearest.ts';
import { type Parsed, quote } from './parsed.ts';
import { isHost, parseTarget } from './target.ts';

/** The parsers of single values that flags, environment and file share. Each takes trimmed text. */

export function parseBoolean(text: string): Parsed<boolean> {
  if (/^(true|1|yes|on)$/i.test(text)) return { value: true };
  if (/^(false|0|no|off)$/i.test(text)) return { value: false };
  return { fault: `${quote(text)} is not true or false` };
}

/** A parser for one of some words. */
export function oneOf<const T extends string>(words: readonly T[]): (text: string) => Parsed<T> {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return { value: word };
    return { fault: `${quote(text)} is not one of ${words.join(', ')}${suggestion(text, words)}` };
  };
}

/** A parser for whole numbers within bounds, both included. */
function integerWithin(min: number, max: number): (text: string) => Parsed<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return { value };
    return { fault: `${quote(text)} is not a whole number from ${min} to ${max}` };
  };
}

/** The format of the access log. Its argument is optional, so it takes a target that follows it for one. */
export function parseAccessLog(text: string): Parsed<AccessLogFormat> {
  const format = oneOf(ACCESS_LOG_FORMATS)(text);
  if (!('fault' in format) || 'fault' in parseTarget(text)) return format;
  return { fault: `${format.fault}; a target goes before it: lowport ${text} --access-log` };
}

const MAX_WORKERS = 1_024;

export function parseWorkers(text: string): Parsed<number | 'auto'> {
  if (text === 'auto') return { value: 'auto' };
  const workers = integerWithin(1, MAX_WORKERS)(text);
  return 'fault' in workers ? { fault: `${workers.fault}, or auto` } : workers;
}

export function parseConnectPort(text: string): Parsed<number> {
  const port = parsePort(text);
  return port === null || port === 0 ? { fault: `${quote(text)} is not a port (1 to 65535)` } : { value: port };
}

export function parseRange(text: string): Parsed<string> {
  if (parseCidr(text) !== null) return { value: text };
  return { fault: `${quote(text)} is not an IP address or a range like 10.0.0.0/8` };
}

/** A user name (useradd(8), loosely) or a numeric user id. Whether it exists is looked up when it is needed. */
export function parseUser(text: string): Parsed<string> {
  if (/^\d{1,10}$/.test(text) || /^[a-z_][a-z0-9_.@-]*\$?$/i.test(text)) return { value: text };
  return { fault: `${quote(text)} is not a user name or a numeric user id` };
}

export function parsePath(text: string): Parsed<string> {
  if (text === '') return { fault: 'is empty: a file is needed' };
  return text.includes('\0') ? { fault: 'a path cannot hold a NUL' } : { value: text };
}

/** Whom the forward proxy asks for, and the file that holds the password. */
export interface AuthFile {
  readonly user: string;
  readonly passwordFile: string;
}

export function parseAuth(text: string): Parsed<AuthFile> {
  const colon = text.indexOf(':');
  if (colon < 0) {
    return { fault: 'needs USER:PASSWORD-FILE; a password itself would show in the process list' };
  }
  const user = parseAuthUser(text.slice(0, colon));
  if ('fault' in user) return user;
  const passwordFile = parsePath(text.slice(colon + 1));
  return 'fault' in passwordFile ? passwordFile : { value: { user: user.value, passwordFile: passwordFile.value } };
}

/** RFC 7617 §2: a user-id cannot hold a colon or a control character. */
export function parseAuthUser(text: string): Parsed<string> {
  if (text === '') return { fault: 'the user is empty' };
  return /[:\p{Cc}]/u.test(text) ? { fault: 'the user holds a colon or a control character' } : { value: text };
}

/** The host of a route: an exact name or address, `*.example.com`, or `*` for any (null). Lower case, no final dot. */
export function parseRouteHost(text: string): Parsed<string | null> {
  if (text === '*') return { value: null };
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  const name = (bracketed ?? text).toLowerCase().replace(/\.$/, '');
  const exact = name.startsWith('*.') ? name.slice(2) : name;
  if (isHost(exact)) return { value: name };
  if (/:\d+$/.test(text)) return { fault: `${quote(text)} has a port: a route's host is the name only` };
  const ascii = domainToASCII(exact);
  if (ascii !== '' && ascii !== exact && isHost(ascii)) {
    return { fault: `${quote(text)} is not ASCII: write ${name.startsWith('*.') ? '*.' : ''}${ascii}` };
  }
  return { fault: `${quote(text)} is not a host name, *.example.com or *` };
}

/** The path prefix of a route, without a slash at its end; `/` is any (null). */
export function parseRoutePath(text: string): Parsed<string | null> {
  if (!text.startsWith('/')) return { fault: `${quote(text)} must begin with /` };
  if (/[?#]/.test(text)) return { fault: `${quote(text)} has a query or fragment: routes look at the path only` };
  if (!/^[\x21-\x7e]+$/.test(text))
    return { fault: `${quote(text)} must be percent-encoded, as it arrives in a request` };
  if (text.includes('*')) return { fault: `${quote(text)} is a prefix already: leave the * out` };
  const path = text.replace(/\/+$/, '');
  return { value: path === '' ? null : path };
}
