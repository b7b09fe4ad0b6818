import type { Socket } from 'node:net';
import { isEndToEnd } from '../http/connection-options.ts';
import { FieldKind, type FieldList } from '../http/fields.ts';

/** Up to this many bytes, body is joined to what waits as text; above, copying into one buffer is cheaper. */
const JOIN_AS_TEXT_BYTES = 2_048;

/** Text that waits is sent when it is longer than this: many small chunks may come in one read. */
const MAX_PENDING = 16_384;

/** Unsent bytes in a socket from which its source is paused: bounds the memory of an exchange. */
export const HIGH_WATER_BYTES = 65_536;

/** How the body that is written is delimited. */
export type WriteFraming = 'none' | 'plain' | 'chunked';

/**
 * Writes HTTP/1.1 messages to a socket, with as few system calls as their bytes allow: text waits in `#pending` and
 * leaves together with the body bytes of the same event, at the latest at `flush()`.
 */
export class MessageWriter {
  readonly #socket: Socket;
  #pending = '';
  #framing: WriteFraming = 'none';

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the peer reads too slowly: pause the source until the socket's `drain`. */
  get congested(): boolean {
    return this.#socket.writableLength >= HIGH_WATER_BYTES;
  }

  /** A whole head, as latin1 text, and the framing of the body that follows. */
  head(text: string, framing: WriteFraming): void {
    this.#pending += text;
    this.#framing = framing;
  }

  /** Body: `[start, end)` of `bytes`, which must not change while `flush` says that they are needed. */
  data(bytes: Buffer, start: number, end: number): void {
    if (this.#framing === 'none' || start === end) return;
    if (this.#framing === 'plain') {
      this.#write(bytes, start, end, '');
    } else {
      this.#pending += `${(end - start).toString(16)}\r\n`;
      this.#write(bytes, start, end, '\r\n');
    }
  }

  end(trailers: FieldList | null): void {
    if (this.#framing === 'chunked') this.#pending += trailers === null ? '0\r\n\r\n' : lastChunk(trailers);
    this.#framing = 'none';
    this.flush();
  }

  /** Sends what waits. Returns true where bytes given to `data` are still to be sent, from where they are. */
  flush(): boolean {
    if (this.#pending !== '') {
      const text = this.#pending;
      this.#pending = '';
      this.#socket.write(text, 'latin1');
    }
    return this.#socket.writableLength > 0;
  }

  #write(bytes: Buffer, start: number, end: number, suffix: string): void {
    const prefix = this.#pending;
    const length = end - start;
    if (length <= JOIN_AS_TEXT_BYTES) {
      this.#pending = prefix + bytes.toString('latin1', start, end) + suffix;
      if (this.#pending.length > MAX_PENDING) this.flush();
      return;
    }
    this.#pending = '';
    if (prefix === '' && suffix === '') {
      this.#socket.write(bytes.subarray(start, end));
      return;
    }
    const joined = Buffer.allocUnsafe(prefix.length + length + suffix.length);
    joined.write(prefix, 0, 'latin1');
    bytes.copy(joined, prefix.length, start, end);
    joined.write(suffix, prefix.length + length, 'latin1');
    this.#socket.write(joined);
  }
}

/** Framing, routing and authentication may not come late (RFC 9110 §6.5.1): such trailer fields are dropped. */
function lastChunk(trailers: FieldList): string {
  const isKept = (kind: FieldKind, index: number): boolean =>
    kind === FieldKind.other && !isEndToEnd(trailers.name(index).toLowerCase());
  return `0\r\n${trailers.lines(isKept)}\r\n`;
}
