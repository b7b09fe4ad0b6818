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
   * Reads what belongs to the body from `start`; returns the index behind it.
   * @throws HttpError for malformed chunks.
   */
  read(bytes: Buffer, start: number, sink: BodySink): number {
    if (this.#chunked !== null) {
      const end = this.#chunked.decode(bytes, start, sink);
      this.#done = this.#chunked.done;
      return end;
    }
    if (this.#kind === 'close') {
      sink.bodyData(start === 0 ? bytes : bytes.subarray(start));
      return bytes.length;
    }
    const end = Math.min(bytes.length, start + this.#remaining);
    this.#remaining -= end - start;
    this.#done = this.#remaining === 0;
    if (end > start) sink.bodyData(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end));
    if (this.#done) sink.bodyEnd(null);
    return end;
  }

  /** The connection's end: completes a close-delimited body and returns true; any other body was cut short. */
  endOfStream(sink: BodySink): boolean {
    if (this.#kind !== 'close' || this.#done) return false;
    this.#done = true;
    sink.bodyEnd(null);
    return true;
  }
}
