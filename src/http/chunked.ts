import { FieldKind, type FieldList } from './fields.ts';
import { parseFields } from './head.ts';
import { HttpError } from './http-error.ts';

/** Takes what a body decoder finds. */
export interface BodySink {
  /** A piece of content: `[start, end)` of `bytes`, which may be used for other reads after the call. */
  bodyData(bytes: Buffer, start: number, end: number): void;
  bodyEnd(trailers: FieldList | null): void;
}

const MAX_SIZE_DIGITS = 13;
/** Per body: extensions have no known use, and long ones only serve to burn the reader's time (RFC 9112 §7.1.1). */
const MAX_EXTENSION_BYTES = 4_096;
const EXTENSIONS =
  /^(?:;[\w!#$%&'*+.^`|~-]+(?:=(?:[\w!#$%&'*+.^`|~-]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)+$/;
const MAX_TRAILER_BYTES = 8_192;
const MAX_TRAILER_FIELDS = 50;

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'done';

/**
 * Decodes the chunked transfer coding (RFC 9112 §7.1) piece by piece. Strict: no white space around the size or in
 * extensions, no bare line feed, at most 13 hexadecimal digits. Extensions are dropped, so nothing of the sender's
 * framing is passed on.
 */
export class ChunkedDecoder {
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #extensions = '';
  #trailer = '';

  /**
   * Reads `[start, end)` of `bytes`; returns the index behind what belongs to this body.
   * @throws HttpError 400.
   */
  decode(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    let position = start;
    while (position < end && this.#state !== 'done') {
      if (this.#state === 'data') position = this.#readData(bytes, position, end, sink);
      else if (this.#state === 'trailer') position = this.#readTrailer(bytes, position, end, sink);
      else this.#readFraming(bytes[position++] ?? 0);
    }
    return position;
  }

  get done(): boolean {
    return this.#state === 'done';
  }

  #readData(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const dataEnd = Math.min(end, start + this.#size);
    this.#size -= dataEnd - start;
    if (this.#size === 0) this.#state = 'data-cr';
    sink.bodyData(bytes, start, dataEnd);
    return dataEnd;
  }

  #readFraming(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#readSize(byte);
        return;
      case 'extension':
        this.#readExtension(byte);
        return;
      case 'size-lf':
        this.#expect(byte, LF);
        this.#state = this.#size === 0 ? 'trailer' : 'data';
        return;
      case 'data-cr':
        this.#expect(byte, CR);
        this.#state = 'data-lf';
        return;
      case 'data-lf':
        this.#expect(byte, LF);
        this.#state = 'size';
        this.#digits = 0;
        return;
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      if (++this.#digits > MAX_SIZE_DIGITS) throw new HttpError(400, 'chunk size too large');
      this.#size = this.#size * 16 + digit;
      return;
    }
    if (this.#digits === 0) throw new HttpError(400, 'malformed chunk size');
    if (byte === CR) this.#state = 'size-lf';
    else if (byte === SEMICOLON) {
      this.#state = 'extension';
      this.#extensions = ';';
    } else throw new HttpError(400, 'malformed chunk size');
  }

  #readExtension(byte: number): void {
    if (byte !== CR) {
      if (byte === LF || ++this.#extensionBytes > MAX_EXTENSION_BYTES)
        throw new HttpError(400, 'malformed chunk extension');
      this.#extensions += String.fromCharCode(byte);
      return;
    }
    if (!EXTENSIONS.test(this.#extensions)) throw new HttpError(400, 'malformed chunk extension');
    this.#state = 'size-lf';
  }

  #readTrailer(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    const before = this.#trailer.length;
    const room = MAX_TRAILER_BYTES - before;
    this.#trailer += bytes.toString('latin1', start, Math.min(end, start + room));
    const length = this.#trailer.startsWith('\r\n') ? 2 : endOfTrailer(this.#trailer, before);
    if (length < 0) {
      if (this.#trailer.length >= MAX_TRAILER_BYTES) throw new HttpError(400, 'trailer section too large');
      return end;
    }
    this.#state = 'done';
    sink.bodyEnd(length === 2 ? null : parseTrailer(this.#trailer.slice(0, length)));
    return start + length - before;
  }

  #expect(byte: number, wanted: number): void {
    if (byte !== wanted) throw new HttpError(400, 'malformed chunk');
  }
}

/** Framing that comes after the content (RFC 9110 §6.5.1) can only be meant to mislead somebody. */
function parseTrailer(text: string): FieldList {
  const fields = parseFields(Buffer.from(text, 'latin1'), MAX_TRAILER_FIELDS);
  if (fields.has(FieldKind.contentLength) || fields.has(FieldKind.transferEncoding)) {
    throw new HttpError(400, 'framing in the trailer section');
  }
  return fields;
}

function endOfTrailer(text: string, scanned: number): number {
  const index = text.indexOf('\r\n\r\n', Math.max(0, scanned - 3));
  return index < 0 ? -1 : index + 4;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
