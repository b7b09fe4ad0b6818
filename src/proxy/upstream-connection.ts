import type { OnReadOpts, Socket } from 'node:net';
import type { BodySink } from '../http/chunked.ts';
import { connectionOptions } from '../http/connection-options.ts';
import { FieldKind, type FieldList } from '../http/fields.ts';
import { responseFraming } from '../http/framing.ts';
import { findHeadEnd, parseResponseHead, type ResponseHead } from '../http/head.ts';
import { HttpError } from '../http/http-error.ts';
import { BodyReader } from './body-reader.ts';
import type { Deadlines, Timed } from './deadlines.ts';
import { MessageWriter } from './message-writer.ts';
import type { Limits } from './options.ts';
import { readInto } from './read-buffer.ts';
import type { Tunnel } from './tunnel.ts';
import type { UpstreamFailure, UpstreamUser } from './upstream-user.ts';

/** Where a connection goes when it is free, and what it tells when it is gone. */
export interface UpstreamOwner {
  released(connection: UpstreamConnection): void;
  closed(connection: UpstreamConnection): void;
}

/** One connection to an upstream server; one exchange at a time. */
export class UpstreamConnection implements BodySink, Timed {
  deadline = 0;
  /** Whether it has served an exchange before: then it may turn out to be stale. */
  reused = false;
  readonly socket: Socket;
  readonly writer: MessageWriter;
  readonly #owner: UpstreamOwner;
  readonly #deadlines: Deadlines;
  readonly #limits: Limits;
  readonly #body = new BodyReader();
  #connected = false;
  #user: UpstreamUser | null = null;
  #inBody = false;
  #requestSent = false;
  #paused = false;
  #keepAlive = false;
  #idleTimeout: number;
  #rest: Buffer | null = null;
  #trailers: FieldList | null = null;
  #tunnel: Tunnel | null = null;
  #failure: UpstreamFailure | null = null;

  /** @param open starts to connect; the socket's reads go through `onread` where it supports that. */
  constructor(
    open: (onread: OnReadOpts) => Socket,
    connectEvent: string,
    owner: UpstreamOwner,
    deadlines: Deadlines,
    limits: Limits,
  ) {
    const socket = open(readInto((bytes, end) => this.#onData(bytes, end)));
    this.socket = socket;
    this.writer = new MessageWriter(socket);
    this.#owner = owner;
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#idleTimeout = limits.upstreamIdleTimeout;
    deadlines.add(this);
    this.deadline = deadlines.in(limits.connectTimeout);
    socket.once(connectEvent, () => this.#onConnect());
    // Sockets with `onread` emit no data, but only a listener makes them emit `end`.
    socket.on('data', (chunk: Buffer) => this.#onData(chunk, chunk.length));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    socket.on('error', (error) => this.#fail(this.#connected ? 'closed' : 'connect', error.message, error));
    socket.on('close', () => this.#onClose());
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Begins an exchange. Once connected, `user` may write its request. */
  attach(user: UpstreamUser): void {
    this.#user = user;
    this.#inBody = false;
    this.#requestSent = false;
    if (this.#connected) this.deadline = 0;
  }

  /** The request is complete: from now on the response is waited for. */
  requestSent(): void {
    this.#requestSent = true;
    if (!this.#inBody) this.deadline = this.#deadlines.in(this.#limits.firstByteTimeout);
  }

  /** Stops reading while the client reads too slowly; its own deadline must then decide. */
  pause(): void {
    this.#paused = true;
    this.deadline = 0;
    this.socket.pause();
  }

  /** The request is written faster than the server takes it: it has the body time-out to catch up. */
  awaitDrain(): void {
    this.deadline = this.#deadlines.in(this.#limits.bodyTimeout);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.deadline = this.#deadlines.in(this.#limits.bodyTimeout);
    this.socket.resume();
  }

  /** Ends the exchange from its side: the connection is in an unknown state and is closed. */
  abandon(): void {
    this.#user = null;
    this.socket.destroy();
  }

  become(tunnel: Tunnel): void {
    this.#tunnel = tunnel;
    this.#user = null;
    this.deadline = 0;
  }

  onDeadline(): void {
    if (this.#user === null) this.socket.destroy();
    else if (!this.#connected) this.#fail('connect-timeout', 'connect time-out', null);
    else this.#fail('timeout', this.#inBody ? 'silence within the response' : 'no response in time', null);
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    this.#user?.upstreamData(bytes, start, end);
  }

  /** The body is complete; `#finish` follows, which also knows what came behind it. */
  bodyEnd(trailers: FieldList | null): void {
    this.#trailers = trailers;
  }

  #onConnect(): void {
    this.#connected = true;
    this.deadline = 0;
    this.#user?.upstreamConnected();
  }

  /** `bytes` up to `end` were read. Returns true where they are still needed: see readInto. */
  #onData(bytes: Buffer, end: number): boolean {
    if (this.#tunnel !== null) {
      this.#tunnel.data(this.socket, Buffer.from(bytes.subarray(0, end)));
      return false;
    }
    const user = this.#user;
    // Bytes that nobody asked for, such as a late 408 on an idle connection, belong to no exchange.
    if (user === null) {
      this.socket.destroy();
      return false;
    }
    const rest = this.#rest;
    this.#rest = null;
    try {
      if (rest === null) this.#read(bytes, end);
      else this.#read(Buffer.concat([rest, bytes.subarray(0, end)]), rest.length + end);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      this.#fail('malformed', error.message, error);
      return true;
    }
    return user.upstreamFlush();
  }

  #read(input: Buffer, inputEnd: number): void {
    let position = 0;
    while (!this.#inBody) {
      const end = findHeadEnd(input, position, inputEnd);
      const headBytes = (end < 0 ? inputEnd : end) - position;
      if (headBytes > this.#limits.maxHeadBytes) throw new HttpError(502, 'response head too large');
      if (end < 0) {
        if (!mayBeHttp(input, position, inputEnd)) throw new HttpError(502, 'not HTTP');
        this.#rest = Buffer.from(input.subarray(position, inputEnd));
        return;
      }
      if (this.#readHead(parseResponseHead(input, position, end, this.#limits.maxFields), input, end, inputEnd)) return;
      position = end;
    }
    if (position === inputEnd) return;
    position = this.#body.read(input, position, inputEnd, this);
    if (this.#body.done) this.#finish(position < inputEnd);
    else this.deadline = this.#deadlines.in(this.#limits.bodyTimeout);
  }

  /** Returns true where no more is to be read: the connection has become a tunnel, or the response was all head. */
  #readHead(head: ResponseHead, input: Buffer, end: number, inputEnd: number): boolean {
    const user = this.#user;
    if (user === null) return true;
    const connection = connectionOptions(head.fields);
    if (head.status === 101) {
      user.upstreamSwitched(head, connection, input.subarray(end, inputEnd));
      return true;
    }
    if (head.status < 200) {
      user.upstreamInformational(head, connection);
      return false;
    }
    const framing = responseFraming(head, user.method);
    this.#inBody = true;
    this.#keepAlive = framing.kind !== 'close' && (head.version === '1.1' ? !connection.close : connection.keepAlive);
    this.#idleTimeout = Math.min(this.#limits.upstreamIdleTimeout, keepAliveHint(head.fields));
    this.#body.start(framing);
    user.upstreamHead(head, connection, framing);
    if (!this.#body.done) return false;
    this.#finish(end < inputEnd);
    return true;
  }

  /** The response is complete. More bytes than it has would be taken for the next one, so then there is none. */
  #finish(hasSurplus: boolean): void {
    const user = this.#user;
    if (user === null) return;
    if (hasSurplus) this.#keepAlive = false;
    const trailers = this.#trailers;
    this.#trailers = null;
    this.#release();
    user.upstreamEnd(trailers);
  }

  #release(): void {
    this.#user = null;
    if (!this.#keepAlive || !this.#requestSent || this.socket.destroyed) {
      this.socket.destroy();
      return;
    }
    if (this.#paused) this.resume();
    this.reused = true;
    this.deadline = this.#deadlines.in(this.#idleTimeout);
    this.#owner.released(this);
  }

  #onEnd(): void {
    if (this.#tunnel !== null) {
      this.#tunnel.end(this.socket);
      return;
    }
    if (this.#inBody && this.#body.endOfStream(this)) this.#finish(false);
    this.socket.destroy();
  }

  #onDrain(): void {
    if (this.#tunnel !== null) {
      this.#tunnel.drain(this.socket);
      return;
    }
    if (!this.#requestSent) this.deadline = 0;
    this.#user?.upstreamDrained();
  }

  #onClose(): void {
    this.#deadlines.delete(this);
    this.#owner.closed(this);
    if (this.#tunnel !== null) {
      this.#tunnel.close(this.socket);
      return;
    }
    const user = this.#user;
    this.#user = null;
    user?.upstreamFailed(this.#failure ?? { kind: 'closed', reason: 'connection closed', cause: null });
  }

  /** The first cause wins; the exchange hears of it when the socket has closed. */
  #fail(kind: UpstreamFailure['kind'], reason: string, cause: unknown): void {
    this.#failure ??= { kind, reason, cause };
    this.socket.destroy();
  }
}

/** Milliseconds from `Keep-Alive: timeout=N`, less a second so that the server is never the first to close. */
function keepAliveHint(fields: FieldList): number {
  const value = fields.first(FieldKind.keepAlive);
  const match = value === undefined ? null : /\btimeout=(\d{1,6})\b/.exec(value);
  return match === null ? Number.POSITIVE_INFINITY : Math.max(1, Number(match[1]) * 1000 - 1000);
}

/** Whether an incomplete head can still become one: a server of another protocol is found out at once. */
function mayBeHttp(bytes: Buffer, start: number, end: number): boolean {
  const begun = bytes.toString('latin1', start, Math.min(end, start + 'HTTP/1.'.length));
  return 'HTTP/1.'.startsWith(begun);
}
