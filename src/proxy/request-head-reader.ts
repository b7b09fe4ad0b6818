import {
  checkPartialHead,
  findHeadEnd,
  type HeadLimits,
  isTokenByte,
  parseRequestHead,
  type RequestHead,
} from '../http/head.ts';
import { HttpError } from '../http/http-error.ts';

const CR = 0x0d;
const LF = 0x0a;

/** Takes the head of one request after the other from a connection's input. */
export class RequestHeadReader {
  /** Where the last head began and ended in the input it was read from. */
  start = 0;
  end = 0;
  readonly #limits: HeadLimits;
  /** How far an incomplete head was looked at. */
  #scanned = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /**
   * The head that `input` begins with, or null where it is not complete: call again with the same bytes and more.
   * @throws HttpError 400, 414, 431, 501 or 505, as soon as the bytes show it.
   */
  read(input: Buffer): RequestHead | null {
    const start = skipEmptyLine(input);
    const end = findHeadEnd(input, Math.max(start, this.#scanned - 3), input.length);
    if (end < 0) {
      this.#checkPartial(input, start);
      return null;
    }
    if (end - start > this.#limits.maxHeadBytes) throw new HttpError(431, 'head too large');
    this.#scanned = 0;
    this.start = start;
    this.end = end;
    return parseRequestHead(input, start, end, this.#limits);
  }

  #checkPartial(input: Buffer, start: number): void {
    const first = input[start];
    if (first !== undefined && !isTokenByte(first) && first !== CR) throw new HttpError(400, 'not HTTP');
    if (input.length - start > this.#limits.maxHeadBytes) {
      throw input.indexOf(LF, start) < 0 ? new HttpError(414, 'target too long') : new HttpError(431, 'head too large');
    }
    checkPartialHead(input, Math.max(start, this.#scanned));
    this.#scanned = input.length;
  }
}

/** One empty line before a request is forgiven (RFC 9112 §2.2). */
function skipEmptyLine(input: Buffer): number {
  return input[0] === CR && input[1] === LF ? 2 : 0;
}
