import type { FieldList } from '../http/fields.ts';
import type { Client } from './client.ts';
import type { WriteFraming } from './message-writer.ts';
import type { Tunnel } from './tunnel.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/**
 * The client's side of an exchange. Here is the seam for other protocols: an exchange sees a request head, body
 * chunks and this sink, never how the client is connected.
 */
export interface ResponseSink {
  readonly client: Client;
  /** The client takes no more for now; `Exchange.sinkDrained` follows. */
  readonly congested: boolean;
  /** Bytes of the request so far, head and body (of a tunnel, all that came through it), for the access log. */
  readonly requestBytes: number;
  /** Bytes written to this connection so far. */
  readonly bytesWritten: number;
  /** Whether the client wants, and the service allows, another request after this one. */
  readonly persistent: boolean;
  writeHead(text: string, framing: WriteFraming): void;
  /** `[start, end)` of `bytes`, as `MessageWriter.data` takes it. */
  writeData(bytes: Buffer, start: number, end: number): void;
  writeEnd(trailers: FieldList | null): void;
  /** As `MessageWriter.flush`. */
  flush(): boolean;
  /** The client must take what is written within the body time-out, or is given up. */
  awaitDrain(): void;
  /** More of the request's body can be taken. */
  continueBody(): void;
  pauseBody(): void;
  /** The response is complete. */
  finished(keepAlive: boolean): void;
  /** The response can not be completed: the client must see that. `delimited`: by its length, or chunked. */
  truncate(delimited: boolean): void;
  /** The connection switches to raw bytes, joined to `upstream`; `onClose` is called once at its end. */
  openTunnel(upstream: UpstreamConnection, onClose: () => void): Tunnel;
}
