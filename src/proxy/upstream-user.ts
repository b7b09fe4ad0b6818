import type { ConnectionOptions } from '../http/connection-options.ts';
import type { FieldList } from '../http/fields.ts';
import type { Framing } from '../http/framing.ts';
import type { ResponseHead } from '../http/head.ts';

/** The side of an exchange that an upstream connection talks to. */
export interface UpstreamUser {
  readonly method: string;
  upstreamConnected(): void;
  /** 1xx other than 101. */
  upstreamInformational(head: ResponseHead, connection: ConnectionOptions): void;
  upstreamSwitched(head: ResponseHead, connection: ConnectionOptions, rest: Buffer): void;
  upstreamHead(head: ResponseHead, connection: ConnectionOptions, framing: Framing): void;
  /** Content: `[start, end)` of `bytes`, to be taken during the call. */
  upstreamData(bytes: Buffer, start: number, end: number): void;
  /** The response is complete; `reusable` tells that this connection can serve another exchange. */
  upstreamEnd(trailers: FieldList | null): void;
  /** Nothing more will come of the bytes at hand: send what waits. */
  /** Returns true where bytes of `upstreamData` are still to be sent, from where they are. */
  upstreamFlush(): boolean;
  upstreamDrained(): void;
  /** The connection failed or ended before the response did. */
  upstreamFailed(failure: UpstreamFailure): void;
}

export interface UpstreamFailure {
  readonly kind: 'connect' | 'connect-timeout' | 'closed' | 'timeout' | 'malformed';
  /** For the log only: it may tell about the inside. */
  readonly reason: string;
  readonly cause: unknown;
}
