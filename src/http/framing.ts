import { FieldKind, type FieldList } from './fields.ts';
import type { HttpVersion, RequestHead, ResponseHead } from './head.ts';
import { HttpError } from './http-error.ts';

/**
 * Message body length (RFC 9112 §6.3): the gate against request smuggling. Where a recipient behind lowport could
 * read another length than lowport did, the message is refused.
 */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  /** Until the connection closes: responses only. */
  | { readonly kind: 'close' };

const NO_BODY: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const UNTIL_CLOSE: Framing = { kind: 'close' };

/** @throws HttpError 400 for ambiguous framing, 501 for a transfer coding other than chunked. */
export function requestFraming(head: RequestHead): Framing {
  const framing = declaredFraming(head.fields, head.version, 400);
  if (framing === null) return NO_BODY;
  if (head.method === 'CONNECT' || head.method === 'TRACE') {
    throw new HttpError(400, `${head.method} must not have content`);
  }
  return framing;
}

/** @throws HttpError 502 for framing that cannot be trusted. `requestMethod` decides with the status (RFC 9112 §6.3). */
export function responseFraming(head: ResponseHead, requestMethod: string): Framing {
  const framing = declaredFraming(head.fields, head.version, 502);
  if (requestMethod === 'HEAD' || hasNoBody(head.status)) return NO_BODY;
  return framing ?? UNTIL_CLOSE;
}

/** 1xx, 204 and 304 end with their head (RFC 9112 §6.3). */
export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

function declaredFraming(fields: FieldList, version: HttpVersion, status: number): Framing | null {
  const hasTransferEncoding = fields.has(FieldKind.transferEncoding);
  const hasLength = fields.has(FieldKind.contentLength);
  if (hasTransferEncoding) return transferEncoding(fields, version, hasLength, status);
  return hasLength ? contentLength(fields, status) : null;
}

function transferEncoding(fields: FieldList, version: HttpVersion, hasLength: boolean, status: number): Framing {
  if (hasLength) throw new HttpError(status, 'both Transfer-Encoding and Content-Length');
  if (version === '1.0') throw new HttpError(status, 'Transfer-Encoding in HTTP/1.0');
  if (fields.count(FieldKind.transferEncoding) > 1) throw new HttpError(status, 'more than one Transfer-Encoding');
  const value = fields.first(FieldKind.transferEncoding) ?? '';
  refuseTab(fields, FieldKind.transferEncoding, status);
  if (value.toLowerCase() === 'chunked') return CHUNKED;
  throw new HttpError(status === 400 ? 501 : status, 'unsupported transfer coding');
}

/** A value this long cannot exceed Number.MAX_SAFE_INTEGER. */
const MAX_LENGTH_DIGITS = 15;

function contentLength(fields: FieldList, status: number): Framing {
  if (fields.count(FieldKind.contentLength) > 1) throw new HttpError(status, 'more than one Content-Length');
  const value = fields.first(FieldKind.contentLength) ?? '';
  refuseTab(fields, FieldKind.contentLength, status);
  const length = parseDigits(value);
  if (length === null) throw new HttpError(status, 'malformed Content-Length');
  if (value.length > MAX_LENGTH_DIGITS) throw new HttpError(status === 400 ? 413 : status, 'Content-Length too large');
  return { kind: 'length', length };
}

/** A tab may stand around a value (RFC 9110 §5.6.3), but not every parser takes it for a blank: Node's does not. */
function refuseTab(fields: FieldList, kind: FieldKind, status: number): void {
  if (fields.firstLine(kind)?.includes('\t') === true) throw new HttpError(status, 'tab around the framing');
}

/** 1*DIGIT and nothing else; null otherwise. */
function parseDigits(text: string): number | null {
  let number = 0;
  for (let index = 0; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return null;
    number = number * 10 + digit;
  }
  return text === '' ? null : number;
}
