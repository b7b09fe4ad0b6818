import { type BodySink, ChunkedDecoder } from '../http/chunked.ts';
import type { Framing } from '../http/framing.ts';

/** Cuts one message body out of a connection's bytes, by its framing. Reused for every message of a connection. */
export class BodyReader {
  #kind: Framing['kind'] = 'none';
  #remaining = 0;
  #chunked: ChunkedDecoder | null = null;
  #done = true;

  /** Whether the body is complete. */
  get done(): boolean {
    return this.#done;
  }

  start(framing: Framing): void {
    this.#kind = framing.kind;
    this.#remaining = framing.kind === 'length' ? framing.length : 0;
    this.#chunked = framing.kind === 'chunked' ? new ChunkedDecoder() : null;
    this.#done = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0);
  }

  /**
   * Reads what belongs to the body from `[start, end)` of `bytes`; returns the index behind it.
   * @throws HttpError for malformed chunks.
   */
  read(bytes: Buffer, start: number, end: number, sink: BodySink): number {
    if (this.#chunked !== null) {
      const decoded = this.#chunked.decode(bytes, start, end, sink);
      this.#done = this.#chunked.done;
      return decoded;
    }
    if (this.#kind === 'close') {
      sink.bodyData(bytes, start, end);
      return end;
    }
    const bodyEnd = Math.min(end, start + this.#remaining);
    this.#remaining -= bodyEnd - start;
    this.#done = this.#remaining === 0;
    if (bodyEnd > start) sink.bodyData(bytes, start, bodyEnd);
    if (this.#done) sink.bodyEnd(null);
    return bodyEnd;
  }

  /** The connection's end: completes a close-delimited body and returns true; any other body was cut short. */
  endOfStream(sink: BodySink): boolean {
    if (this.#kind !== 'close' || this.#done) return false;
    this.#done = true;
    sink.bodyEnd(null);
    return true;
  }
}
