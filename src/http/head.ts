import { METHODS } from 'node:http';
import { FieldList } from './fields.ts';
import { HttpError } from './http-error.ts';

/**
 * The strict head parser (RFC 9112 §2–§5). It takes the bytes of a complete head and refuses whatever implementations
 * read differently: bare CR or LF, folded lines, white space around the name, control characters. Nothing ambiguous
 * gets past this file.
 */

export type HttpVersion = '1.0' | '1.1';

export interface RequestHead {
  /** The request line as it came, with its line end. */
  readonly line: string;
  readonly method: string;
  /** The request target, byte for byte. */
  readonly target: string;
  readonly version: HttpVersion;
  readonly fields: FieldList;
}

export interface ResponseHead {
  /** The status line as it came, with its line end. */
  readonly line: string;
  readonly version: HttpVersion;
  readonly status: number;
  readonly reason: string;
  readonly fields: FieldList;
}

export interface HeadLimits {
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  readonly maxTargetBytes: number;
}

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;
const ZERO = 0x30;

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

/** tchar (RFC 9110 §5.6.2). */
const IS_TOKEN_CHARACTER = byteTable((byte) => /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(byte)));

/** Visible ASCII only: a target with raw bytes above 0x7e is no URI (RFC 3986 §2), and servers disagree on it. */
const IS_VISIBLE = byteTable((byte) => byte > SP && byte < 0x7f);

/** field-content and reason-phrase: visible characters, space, tab, and obs-text 0x80–0xff (RFC 9110 §5.5). */
const IS_FIELD_CONTENT = byteTable((byte) => (byte >= SP && byte !== 0x7f) || byte === HTAB);

function byteTable(isMember: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => (isMember(byte) ? 1 : 0));
}

/** Whether a byte may stand in a token (RFC 9110 §5.6.2), and so begin a request. */
export function isTokenByte(byte: number): boolean {
  return IS_TOKEN_CHARACTER[byte] === 1;
}

const HEAD_END_LENGTH = 4;

/**
 * Looks for the empty line that ends a head in `[from, end)` of `bytes`; returns the index behind it, or -1. Whoever
 * has looked already may begin three bytes before where that ended. A search by Horspool's rule: four bytes at a time
 * where there is no line end, and much faster on a head's few hundred bytes than a call of Buffer.indexOf.
 */
export function findHeadEnd(bytes: Buffer, from: number, end: number): number {
  let last = from + HEAD_END_LENGTH - 1;
  while (last < end) {
    const byte = bytes[last];
    if (byte === LF) {
      if (bytes[last - 1] === CR && bytes[last - 2] === LF && bytes[last - 3] === CR) return last + 1;
      last += 2;
    } else {
      last += byte === CR ? 1 : HEAD_END_LENGTH;
    }
  }
  return -1;
}

/**
 * Refuses an incomplete head as soon as it shows that it never can become one: a line feed without its carriage
 * return, so that such a sender hears at once and not at the head time-out.
 */
export function checkPartialHead(bytes: Buffer, start: number): void {
  let feed = bytes.indexOf(LF, start);
  while (feed >= 0) {
    if (feed === start || bytes[feed - 1] !== CR) throw new HttpError(400, 'bare line feed');
    feed = bytes.indexOf(LF, feed + 1);
  }
}

/** @throws HttpError 400, 414, 431, 501 or 505. `[start, end)` is one whole head with its final empty line. */
export function parseRequestHead(bytes: Buffer, start: number, end: number, limits: HeadLimits): RequestHead {
  const methodEnd = skip(bytes, start, IS_TOKEN_CHARACTER);
  if (methodEnd === start || bytes[methodEnd] !== SP) throw new HttpError(400, 'malformed method');
  const targetStart = methodEnd + 1;
  const targetEnd = skip(bytes, targetStart, IS_VISIBLE);
  if (targetEnd === targetStart || bytes[targetEnd] !== SP) throw new HttpError(400, 'malformed request target');
  if (targetEnd - targetStart > limits.maxTargetBytes) throw new HttpError(414, 'request target too long');
  const text = bytes.toString('latin1', start, end);
  const version = parseVersion(text, targetEnd + 1 - start);
  const lineEnd = targetEnd + 1 + VERSION_LENGTH;
  expectLineEnd(bytes, lineEnd);
  const method = text.slice(0, methodEnd - start);
  if (!KNOWN_METHODS.has(method)) throw new HttpError(501, 'unknown method');
  const fields = readFields(bytes, start, lineEnd + 2, end, text, limits.maxFields);
  const line = text.slice(0, lineEnd + 2 - start);
  return { line, method, target: text.slice(targetStart - start, targetEnd - start), version, fields };
}

/** @throws HttpError 502, or 400 and 431 for its fields. `[start, end)` is one whole head with its final empty line. */
export function parseResponseHead(bytes: Buffer, start: number, end: number, maxFields: number): ResponseHead {
  const text = bytes.toString('latin1', start, end);
  const version = parseVersion(text, 0);
  const statusStart = start + VERSION_LENGTH + 1;
  if (bytes[statusStart - 1] !== SP) throw new HttpError(502, 'malformed status line');
  const status = parseStatus(bytes, statusStart);
  const reasonStart = statusStart + 3;
  const lineEnd = skip(bytes, reasonStart, IS_FIELD_CONTENT);
  expectLineEnd(bytes, lineEnd);
  // RFC 9112 §4 wants the space even before an empty reason; some origins leave both out.
  if (lineEnd > reasonStart && bytes[reasonStart] !== SP) throw new HttpError(502, 'malformed status line');
  const fields = readFields(bytes, start, lineEnd + 2, end, text, maxFields);
  const line = text.slice(0, lineEnd + 2 - start);
  return { line, version, status, reason: text.slice(reasonStart + 1 - start, lineEnd - start), fields };
}

/**
 * A section of field lines that ends with an empty line, such as a trailer section (RFC 9112 §7.1.2).
 * @throws HttpError 400 or 431.
 */
export function parseFields(bytes: Buffer, maxFields: number): FieldList {
  return readFields(bytes, 0, 0, bytes.length, bytes.toString('latin1'), maxFields);
}

/** Field lines (RFC 9112 §5) from `position` to the empty line before `end`; `text` is what stands from `origin` on. */
function readFields(
  bytes: Buffer,
  origin: number,
  position: number,
  end: number,
  text: string,
  maxFields: number,
): FieldList {
  const fields = new FieldList(text);
  const last = end - 2;
  while (position < last) {
    const nameEnd = skip(bytes, position, IS_TOKEN_CHARACTER);
    if (nameEnd === position || bytes[nameEnd] !== COLON) throw new HttpError(400, 'malformed field name');
    let valueStart = nameEnd + 1;
    while (isBlank(bytes[valueStart])) valueStart++;
    const lineEnd = skip(bytes, valueStart, IS_FIELD_CONTENT);
    expectLineEnd(bytes, lineEnd);
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
    if (fields.length === maxFields) throw new HttpError(431, 'too many fields');
    fields.add(position - origin, nameEnd - origin, valueStart - origin, valueEnd - origin, lineEnd + 2 - origin);
    position = lineEnd + 2;
  }
  return fields;
}

const VERSION_LENGTH = 'HTTP/1.1'.length;

function parseVersion(text: string, start: number): HttpVersion {
  if (text.startsWith('HTTP/1.1', start)) return '1.1';
  if (text.startsWith('HTTP/1.0', start)) return '1.0';
  const isOtherVersion = /^HTTP\/\d\.\d$/.test(text.slice(start, start + VERSION_LENGTH));
  throw isOtherVersion ? new HttpError(505, 'unsupported HTTP version') : new HttpError(400, 'malformed HTTP version');
}

/** Three digits, the first not 0. */
function parseStatus(bytes: Buffer, start: number): number {
  let status = 0;
  for (let position = start; position < start + 3; position++) {
    const digit = (bytes[position] ?? 0) - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw new HttpError(502, 'malformed status code');
    status = status * 10 + digit;
  }
  if (status < 100) throw new HttpError(502, 'malformed status code');
  return status;
}

function expectLineEnd(bytes: Buffer, position: number): void {
  if (bytes[position] !== CR || bytes[position + 1] !== LF) throw new HttpError(400, 'malformed line end');
}

/** The first position from `start` whose byte is not in `table`. */
function skip(bytes: Buffer, start: number, table: Uint8Array): number {
  let position = start;
  while (table[bytes[position] ?? 0] === 1) position++;
  return position;
}

function isBlank(byte: number | undefined): boolean {
  return byte === SP || byte === HTAB;
}
