import type { Socket } from 'node:net';
import type { BodySink } from '../http/chunked.ts';
import { connectionOptions } from '../http/connection-options.ts';
import type { FieldList } from '../http/fields.ts';
import { requestFraming } from '../http/framing.ts';
import type { RequestHead } from '../http/head.ts';
import { HttpError } from '../http/http-error.ts';
import { AccessRecord, NO_REQUEST } from './access-record.ts';
import { BodyReader } from './body-reader.ts';
import type { Client } from './client.ts';
import type { Timed } from './deadlines.ts';
import { Exchange } from './exchange.ts';
import { errorAnswer } from './local-answers.ts';
import { MessageWriter, type WriteFraming } from './message-writer.ts';
import { RequestHeadReader } from './request-head-reader.ts';
import type { ResponseSink } from './response-sink.ts';
import type { Service } from './service.ts';
import { Tunnel } from './tunnel.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** Bytes of later requests that are kept while one is being answered. */
const MAX_PIPELINED_BYTES = 65_536;

/** How long a connection that was closed here may still send, so that the last answer is not lost in a reset. */
const LINGER_MS = 2_000;

/** `head`: between requests or within a head · `body` · `wait`: for the response · `closing` · `tunnel`. */
type Phase = 'head' | 'body' | 'wait' | 'closing' | 'tunnel';

/** One connection of a client: cuts it into requests, and gives their exchanges a place to answer. */
export class Downstream implements ResponseSink, BodySink, Timed {
  deadline = 0;
  readonly client: Client;
  readonly #socket: Socket;
  readonly #service: Service;
  readonly #onClosed: (downstream: Downstream) => void;
  readonly #writer: MessageWriter;
  readonly #heads: RequestHeadReader;
  readonly #body = new BodyReader();
  #phase: Phase = 'head';
  /** Bytes received and not yet read. */
  #input: Buffer | null = null;
  /** How many bytes of this connection came before the request. */
  #requestStart = 0;
  #headBegun = false;
  #wantsKeepAlive = false;
  #processing = false;
  #exchange: Exchange | null = null;
  #tunnel: Tunnel | null = null;

  constructor(socket: Socket, client: Client, service: Service, onClosed: (downstream: Downstream) => void) {
    this.#socket = socket;
    this.client = client;
    this.#service = service;
    this.#onClosed = onClosed;
    this.#writer = new MessageWriter(socket);
    this.#heads = new RequestHeadReader(service.options.limits);
    service.deadlines.add(this);
    this.deadline = service.deadlines.in(service.options.limits.headTimeout);
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#onEnd());
    socket.on('drain', () => this.#onDrain());
    // What went wrong is of no use to anybody: a client vanished. `close` follows and cleans up.
    socket.on('error', () => {});
    socket.on('close', () => this.#onClose());
  }

  get congested(): boolean {
    return this.#writer.congested;
  }

  get requestBytes(): number {
    return this.#socket.bytesRead - (this.#input?.length ?? 0) - this.#requestStart;
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten;
  }

  get persistent(): boolean {
    return this.#wantsKeepAlive && !this.#service.draining;
  }

  /** Closes the connection if no request is under way; otherwise it ends with its exchange. */
  drain(): void {
    if (this.#phase === 'head' && this.#input === null) this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Answers what never became an exchange, and closes. */
  refuse(status: number, reason: string): void {
    const service = this.#service;
    const record = service.observer.access === null ? null : new AccessRecord(service, this, NO_REQUEST);
    const requestId = record?.requestId ?? service.nextRequestId();
    const answer = errorAnswer(status, undefined, requestId, { version: '1.1', keepAlive: false });
    this.#writer.head(answer.head + answer.body, 'none');
    this.#writer.end(null);
    record?.refuse(status, reason);
    this.#close();
  }

  writeHead(text: string, framing: WriteFraming): void {
    this.#writer.head(text, framing);
  }

  writeData(bytes: Buffer, start: number, end: number): void {
    this.#writer.data(bytes, start, end);
  }

  writeEnd(trailers: FieldList | null): void {
    this.#writer.end(trailers);
  }

  flush(): boolean {
    return this.#writer.flush();
  }

  awaitDrain(): void {
    this.#startBodyTimeout();
  }

  continueBody(): void {
    this.#socket.resume();
    if (this.#phase === 'body') this.#startBodyTimeout();
    this.#process();
  }

  pauseBody(): void {
    this.deadline = 0;
    this.#socket.pause();
  }

  finished(keepAlive: boolean): void {
    this.#exchange = null;
    if (!keepAlive) {
      this.#close();
      return;
    }
    this.#phase = 'head';
    this.#headBegun = false;
    this.deadline = this.#service.deadlines.in(this.#service.options.limits.idleTimeout);
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#input !== null) this.#process();
    else if (this.#service.draining) this.drain();
  }

  truncate(delimited: boolean): void {
    this.#exchange = null;
    if (!delimited) {
      // The end of the connection would be the end of the body.
      this.#socket.resetAndDestroy();
      return;
    }
    // That bytes are missing shows by itself; a reset would take from the client what it has not read yet.
    this.#writer.flush();
    this.#close();
  }

  openTunnel(upstream: UpstreamConnection, onClose: () => void): Tunnel {
    const { deadlines, options } = this.#service;
    const tunnel = new Tunnel(this.#socket, upstream.socket, deadlines, options.limits.tunnelTimeout, onClose);
    this.#tunnel = tunnel;
    this.#exchange = null;
    this.#phase = 'tunnel';
    this.deadline = 0;
    this.#socket.resume();
    const early = this.#input;
    this.#input = null;
    if (early !== null) tunnel.data(this.#socket, early);
    return tunnel;
  }

  onDeadline(): void {
    if (this.#phase === 'head' && this.#headBegun && this.#input !== null) this.refuse(408, 'silence within the head');
    else if (this.#phase === 'body' && this.#exchange !== null) this.#exchange.fail(408, 'silence within the request');
    else this.#socket.destroy();
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    this.#exchange?.requestData(bytes, start, end);
  }

  bodyEnd(trailers: FieldList | null): void {
    this.#phase = 'wait';
    this.deadline = 0;
    this.#exchange?.requestEnd(trailers);
  }

  #startBodyTimeout(): void {
    this.deadline = this.#service.deadlines.in(this.#service.options.limits.bodyTimeout);
  }

  #onData(chunk: Buffer): void {
    if (this.#tunnel !== null) {
      this.#tunnel.data(this.#socket, chunk);
      return;
    }
    if (this.#phase === 'closing') return;
    this.#input = this.#input === null ? chunk : Buffer.concat([this.#input, chunk]);
    this.#process();
  }

  /** Reads as much of the input as the phase allows. Exchanges that end meanwhile only change the phase. */
  #process(): void {
    if (this.#processing) return;
    this.#processing = true;
    try {
      while (this.#input !== null && this.#stepOrRefuse(this.#input));
    } finally {
      this.#processing = false;
    }
    this.#exchange?.requestFlush();
    if (this.#input !== null && this.#input.length > MAX_PIPELINED_BYTES && this.#phase !== 'head')
      this.#socket.pause();
  }

  /** A request that is refused keeps none waiting that came with it. */
  #stepOrRefuse(input: Buffer): boolean {
    try {
      return this.#step(input);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      if (this.#exchange !== null) this.#exchange.fail(error.status, error.message);
      else this.refuse(error.status, error.message);
      return true;
    }
  }

  /** Returns false where more input, or the response, must come first. */
  #step(input: Buffer): boolean {
    switch (this.#phase) {
      case 'head':
        return this.#readHead(input);
      case 'body': {
        if (this.#exchange?.acceptsBody !== true) return false;
        this.#startBodyTimeout();
        this.#input = null;
        const end = this.#body.read(input, 0, input.length, this);
        if (end < input.length) this.#input = input.subarray(end);
        return true;
      }
      default:
        return false;
    }
  }

  #readHead(input: Buffer): boolean {
    const reader = this.#heads;
    const head = reader.read(input);
    if (head === null) {
      this.#awaitHead();
      return false;
    }
    const access = this.#service.observer.access;
    if (access !== null) this.#requestStart = this.#socket.bytesRead - input.length + reader.start;
    this.#input = reader.end === input.length ? null : input.subarray(reader.end);
    this.#begin(head);
    return true;
  }

  /** The time-out of a head counts from its first byte. */
  #awaitHead(): void {
    if (this.#headBegun) return;
    this.#headBegun = true;
    this.deadline = this.#service.deadlines.in(this.#service.options.limits.headTimeout);
  }

  #begin(head: RequestHead): void {
    this.#headBegun = false;
    this.deadline = 0;
    const options = connectionOptions(head.fields);
    this.#wantsKeepAlive = head.version === '1.1' ? !options.close : options.keepAlive;
    // What follows a CONNECT may be meant for the tunnel: after a refusal it is not taken for a request (RFC 9931).
    if (head.method === 'CONNECT') this.#wantsKeepAlive = false;
    const framing = requestFraming(head);
    this.#body.start(framing);
    this.#phase = this.#body.done ? 'wait' : 'body';
    const exchange = new Exchange(this.#service, this, head, framing, options);
    this.#exchange = exchange;
    if (framing.kind === 'length' && framing.length === 0) exchange.requestEnd(null);
    exchange.start();
    if (this.#phase === 'body') this.#startBodyTimeout();
  }

  #close(): void {
    const everythingRead = this.#input === null && this.#phase === 'wait';
    this.#phase = 'closing';
    this.#input = null;
    if (everythingRead) {
      // With everything sent and read, closing at once is as orderly as a shutdown first, and cheaper.
      if (this.#socket.writableLength === 0) {
        this.#socket.destroy();
        return;
      }
      // Not before the client has taken the answer; one that takes nothing is given up.
      this.#startBodyTimeout();
      this.#socket.destroySoon();
      return;
    }
    this.deadline = this.#service.deadlines.in(LINGER_MS);
    this.#socket.end();
    this.#socket.resume();
  }

  #onEnd(): void {
    if (this.#tunnel !== null) this.#tunnel.end(this.#socket);
    // An end while a response is due is how a client that has gone looks; there is nobody to answer.
    else if (this.#exchange !== null) this.#socket.destroy();
    else this.#socket.end();
  }

  #onDrain(): void {
    if (this.#tunnel !== null) {
      this.#tunnel.drain(this.#socket);
    } else if (this.#exchange !== null) {
      if (this.#phase === 'wait') this.deadline = 0;
      this.#exchange.sinkDrained();
    }
  }

  #onClose(): void {
    this.#service.deadlines.delete(this);
    const exchange = this.#exchange;
    this.#exchange = null;
    this.#input = null;
    exchange?.sinkClosed();
    this.#tunnel?.close(this.#socket);
    this.#onClosed(this);
  }
}
