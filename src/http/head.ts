import { METHODS } from 'node:http';
import { FieldList } from './fields.ts';
import { HttpError } from './http-error.ts';

/**
 * The strict head parser (RFC 9112 §2–§5). It takes a complete head as text (latin1: one character per byte) and
 * refuses whatever implementations read differently: bare CR or LF, folded lines, white space around the name,
 * control characters. Nothing ambiguous gets past this file.
 */

export type HttpVersion = '1.0' | '1.1';

export interface RequestHead {
  readonly method: string;
  /** The request target, byte for byte. */
  readonly target: string;
  readonly version: HttpVersion;
  readonly fields: FieldList;
}

export interface ResponseHead {
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

const IS_TOKEN_CHARACTER = tokenTable();

function tokenTable(): Uint8Array {
  const table = new Uint8Array(256);
  const characters = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (const character of characters) table[character.charCodeAt(0)] = 1;
  return table;
}

/** Whether a byte may stand in a token (RFC 9110 §5.6.2), and so begin a request. */
export function isTokenByte(byte: number): boolean {
  return IS_TOKEN_CHARACTER[byte] === 1;
}

const HEAD_END = Buffer.from('\r\n\r\n', 'latin1');

/**
 * Where the head that begins at `start` ends: the index behind its empty line, or -1 if it is not complete.
 * `scanned` says how far an earlier call has looked already.
 */
export function findHeadEnd(bytes: Buffer, start: number, scanned: number): number {
  const index = bytes.indexOf(HEAD_END, Math.max(start, scanned - 3));
  return index < 0 ? -1 : index + 4;
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

/** @throws HttpError 400, 414, 431, 501 or 505. `text` is one whole head with its final empty line. */
export function parseRequestHead(text: string, limits: HeadLimits): RequestHead {
  const methodEnd = skipToken(text, 0);
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== SP) throw new HttpError(400, 'malformed method');
  const targetEnd = skipVisible(text, methodEnd + 1);
  if (targetEnd === methodEnd + 1 || text.charCodeAt(targetEnd) !== SP) {
    throw new HttpError(400, 'malformed request target');
  }
  if (targetEnd - methodEnd - 1 > limits.maxTargetBytes) throw new HttpError(414, 'request target too long');
  const version = parseVersion(text, targetEnd + 1);
  const lineEnd = targetEnd + 1 + VERSION_LENGTH;
  expectLineEnd(text, lineEnd);
  const method = text.slice(0, methodEnd);
  if (!KNOWN_METHODS.has(method)) throw new HttpError(501, 'unknown method');
  return {
    method,
    target: text.slice(methodEnd + 1, targetEnd),
    version,
    fields: parseFields(text, lineEnd + 2, limits.maxFields),
  };
}

/** @throws HttpError 502. `text` is one whole head with its final empty line. */
export function parseResponseHead(text: string, maxFields: number): ResponseHead {
  const version = parseVersion(text, 0);
  if (text.charCodeAt(VERSION_LENGTH) !== SP) throw new HttpError(502, 'malformed status line');
  const status = parseStatus(text, VERSION_LENGTH + 1);
  const reasonStart = VERSION_LENGTH + 4;
  const lineEnd = skipFieldContent(text, reasonStart);
  expectLineEnd(text, lineEnd);
  // RFC 9112 §4 wants the space even before an empty reason; some origins leave both out.
  if (lineEnd > reasonStart && text.charCodeAt(reasonStart) !== SP) throw new HttpError(502, 'malformed status line');
  return {
    version,
    status,
    reason: text.slice(reasonStart + 1, lineEnd),
    fields: parseFields(text, lineEnd + 2, maxFields),
  };
}

/**
 * Field lines from `start` up to the empty line that ends `text` (RFC 9112 §5).
 * @throws HttpError 400 or 431.
 */
export function parseFields(text: string, start: number, maxFields: number): FieldList {
  const fields = new FieldList(text);
  const end = text.length - 2;
  let position = start;
  while (position < end) {
    const nameEnd = skipToken(text, position);
    if (nameEnd === position || text.charCodeAt(nameEnd) !== COLON) throw new HttpError(400, 'malformed field name');
    let valueStart = nameEnd + 1;
    while (isBlank(text.charCodeAt(valueStart))) valueStart++;
    const lineEnd = skipFieldContent(text, valueStart);
    expectLineEnd(text, lineEnd);
    let valueEnd = lineEnd;
    while (valueEnd > valueStart && isBlank(text.charCodeAt(valueEnd - 1))) valueEnd--;
    if (fields.length === maxFields) throw new HttpError(431, 'too many fields');
    fields.add(position, nameEnd, valueStart, valueEnd, lineEnd + 2);
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
function parseStatus(text: string, start: number): number {
  let status = 0;
  for (let position = start; position < start + 3; position++) {
    const digit = text.charCodeAt(position) - ZERO;
    if (!(digit >= 0 && digit <= 9)) throw new HttpError(502, 'malformed status code');
    status = status * 10 + digit;
  }
  if (status < 100) throw new HttpError(502, 'malformed status code');
  return status;
}

function expectLineEnd(text: string, position: number): void {
  if (text.charCodeAt(position) !== CR || text.charCodeAt(position + 1) !== LF) {
    throw new HttpError(400, 'malformed line end');
  }
}

function skipToken(text: string, start: number): number {
  let position = start;
  while (IS_TOKEN_CHARACTER[text.charCodeAt(position)] === 1) position++;
  return position;
}

/** Visible ASCII only: a target with raw bytes above 0x7e is no URI (RFC 3986 §2), and servers disagree on it. */
function skipVisible(text: string, start: number): number {
  let position = start;
  for (;;) {
    const code = text.charCodeAt(position);
    if (!(code > SP && code < 0x7f)) return position;
    position++;
  }
}

/** field-content and reason-phrase: visible characters, space, tab, and obs-text 0x80–0xff (RFC 9110 §5.5). */
function skipFieldContent(text: string, start: number): number {
  let position = start;
  for (;;) {
    const code = text.charCodeAt(position);
    if (!((code >= SP && code !== 0x7f) || code === HTAB)) return position;
    position++;
  }
}

function isBlank(code: number): boolean {
  return code === SP || code === HTAB;
}
