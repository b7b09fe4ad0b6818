import type { ConnectionOptions } from '../http/connection-options.ts';
import { FieldKind, type FieldList } from '../http/fields.ts';
import type { Framing } from '../http/framing.ts';
import type { RequestHead, ResponseHead } from '../http/head.ts';
import { AccessRecord } from './access-record.ts';
import { DestinationRefused } from './destinations.ts';
import { dispatch } from './dispatch.ts';
import {
  type AnswerContext,
  errorAnswer,
  finalRecipientAnswer,
  type LocalAnswer,
  namesThisMachine,
  welcomeAnswer,
} from './local-answers.ts';
import { requestHeadText, responseHeadText, upgradeOf } from './outgoing-head.ts';
import type { ResponseSink } from './response-sink.ts';
import type { Service } from './service.ts';
import { UpstreamChoice, type UpstreamDispatch } from './upstream-choice.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import type { UpstreamFailure, UpstreamUser } from './upstream-user.ts';

/** Methods whose repetition has the effect of doing it once (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'PROPFIND']);

const CONNECTED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** One request and its response: chooses the upstream, passes both ways, retries where that is safe. */
export class Exchange implements UpstreamUser {
  readonly method: string;
  readonly #service: Service;
  readonly #sink: ResponseSink;
  readonly #head: RequestHead;
  readonly #framing: Framing;
  readonly #connectionOptions: ConnectionOptions;
  readonly #record: AccessRecord | null;
  #decision: UpstreamDispatch | null = null;
  #choice: UpstreamChoice | null = null;
  #connection: UpstreamConnection | null = null;
  /** The protocols of an Upgrade that was passed on. */
  #upgrade: string | null = null;
  #bodyBegun = false;
  #requestDone: boolean;
  /** Something has gone to the client, if only a 1xx. */
  #answered = false;
  #responseBegun = false;
  #retriedStale = false;
  /** The response's end does not depend on that of the connection. */
  #delimited = false;
  #keepAlive = false;
  #ended = false;

  constructor(
    service: Service,
    sink: ResponseSink,
    head: RequestHead,
    framing: Framing,
    connectionOptions: ConnectionOptions,
  ) {
    this.#service = service;
    this.#sink = sink;
    this.#head = head;
    this.#framing = framing;
    this.#connectionOptions = connectionOptions;
    this.method = head.method;
    this.#requestDone = framing.kind === 'none';
    this.#record = service.observer.access === null ? null : new AccessRecord(service, sink, head);
  }

  /** Whether the request's body can be passed on now; an ended exchange takes it and drops it. */
  get acceptsBody(): boolean {
    return this.#ended || this.#connection?.connected === true;
  }

  /** @throws HttpError with the status that refuses the request. */
  start(): void {
    const decision = dispatch(this.#service, this.#sink.client, this.#head);
    if (decision.kind === 'final-recipient') {
      this.#answer(finalRecipientAnswer(this.#head, this.#answerContext()), '');
    } else if (decision.kind === 'welcome') {
      const { guard, options } = this.#service;
      const tellAll = this.#sink.client.scope(guard) === 'local' && namesThisMachine(this.#head);
      this.#answer(welcomeAnswer(options.about, tellAll, this.#head, this.#answerContext()), '');
    } else {
      this.#decision = decision;
      this.#choice = new UpstreamChoice(decision);
      if (this.#record !== null) this.#record.route = decision.kind === 'route' ? decision.service.name : decision.kind;
      this.#tryNextUpstream();
    }
  }

  /** Refuses the request with `status`, or cuts off what has begun in a way that the client sees. */
  fail(status: number, reason: string): void {
    if (this.#ended) return;
    this.#abandonUpstream();
    if (this.#responseBegun) {
      this.#end(reason);
      this.#sink.truncate(this.#delimited);
      return;
    }
    const requestId = this.#record?.requestId ?? this.#service.nextRequestId();
    const answer = errorAnswer(status, this.#head.fields.named('accept'), requestId, this.#answerContext());
    this.#answer(answer, reason);
  }

  requestData(bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#bodyBegun = true;
    connection.writer.data(bytes, start, end);
    if (!connection.writer.congested) return;
    this.#sink.pauseBody();
    connection.awaitDrain();
  }

  requestEnd(trailers: FieldList | null): void {
    this.#requestDone = true;
    const connection = this.#connection;
    if (connection === null) return;
    connection.writer.end(trailers);
    connection.requestSent();
  }

  requestFlush(): void {
    this.#connection?.writer.flush();
  }

  /** The client has taken what was waiting for it. */
  sinkDrained(): void {
    this.#connection?.resume();
  }

  sinkClosed(): void {
    this.#abandonUpstream();
    this.#end('client closed the connection');
  }

  upstreamConnected(): void {
    if (this.#decision?.kind === 'connect') this.#openTunnel(CONNECTED, null, 200);
    else this.#sendRequest();
    this.#sink.continueBody();
  }

  upstreamInformational(head: ResponseHead, connection: ConnectionOptions): void {
    if (this.#head.version === '1.0') return;
    this.#answered = true;
    this.#sink.writeHead(this.#responseText(head, connection, false, false, null), 'none');
    this.#sink.flush();
    this.#holdIfCongested();
  }

  upstreamSwitched(head: ResponseHead, connection: ConnectionOptions, rest: Buffer): void {
    const upgrade = this.#upgrade === null ? null : upgradeOf(head.fields, connection);
    if (upgrade === null) this.fail(502, 'upstream switched protocols unasked');
    else this.#openTunnel(this.#responseText(head, connection, false, false, upgrade), rest, 101);
  }

  upstreamHead(head: ResponseHead, connection: ConnectionOptions, framing: Framing): void {
    const isDelimited = framing.kind === 'none' || framing.kind === 'length';
    const chunked = !isDelimited && this.#head.version === '1.1';
    this.#delimited = isDelimited || chunked;
    this.#keepAlive = this.#requestDone && this.#sink.persistent && this.#delimited;
    this.#responseBegun = true;
    this.#answered = true;
    this.#record?.responseHead(head.status);
    const keepLength = isDelimited && head.status !== 204;
    const text = this.#responseText(head, connection, chunked, keepLength, null);
    this.#sink.writeHead(text, framing.kind === 'none' ? 'none' : chunked ? 'chunked' : 'plain');
  }

  upstreamData(bytes: Buffer, start: number, end: number): void {
    this.#sink.writeData(bytes, start, end);
    this.#holdIfCongested();
  }

  #holdIfCongested(): void {
    if (!this.#sink.congested) return;
    this.#connection?.pause();
    this.#sink.awaitDrain();
  }

  upstreamEnd(trailers: FieldList | null): void {
    this.#connection = null;
    this.#sink.writeEnd(trailers);
    this.#end('');
    this.#sink.finished(this.#keepAlive);
  }

  upstreamFlush(): boolean {
    return this.#sink.flush();
  }

  upstreamDrained(): void {
    this.#sink.continueBody();
  }

  upstreamFailed(failure: UpstreamFailure): void {
    const wasReused = this.#connection?.reused === true;
    this.#connection = null;
    if (failure.cause instanceof DestinationRefused) {
      this.fail(403, failure.reason);
      return;
    }
    if (this.#retry(failure, wasReused)) return;
    this.#service.observer.warn(this.#responseBegun ? 'response cut short' : 'upstream failed', {
      upstream: this.#choice?.current?.name ?? '',
      reason: failure.reason,
      method: this.method,
    });
    const isTimeout = failure.kind === 'timeout' || failure.kind === 'connect-timeout';
    this.fail(isTimeout ? 504 : 502, failure.reason);
  }

  /** Tries again where nothing was answered, and either nothing was sent or sending it twice does no harm. */
  #retry(failure: UpstreamFailure, wasReused: boolean): boolean {
    if (this.#answered || this.#bodyBegun) return false;
    if (failure.kind === 'connect' || failure.kind === 'connect-timeout') {
      this.#choice?.current?.markDown();
      return this.#tryNextUpstream();
    }
    if (failure.kind !== 'closed' || !IDEMPOTENT.has(this.method)) return false;
    if (!wasReused || this.#retriedStale) return this.#tryNextUpstream();
    this.#retriedStale = true;
    return this.#use(this.#choice?.again() ?? null);
  }

  /** Returns false where every target was tried. */
  #tryNextUpstream(): boolean {
    return this.#use(this.#choice?.next() ?? null);
  }

  #use(connection: UpstreamConnection | null): boolean {
    if (connection === null) return false;
    this.#connection = connection;
    if (this.#record !== null) this.#record.upstream = this.#choice?.current?.name ?? '';
    connection.attach(this);
    if (connection.connected) this.#sendRequest();
    return true;
  }

  #sendRequest(): void {
    const { writer } = this.#connection ?? {};
    const decision = this.#decision;
    const upstream = this.#choice?.current;
    if (writer === undefined || !upstream || (decision?.kind !== 'route' && decision?.kind !== 'forward')) return;
    const { options } = this.#service;
    const isRoute = decision.kind === 'route';
    const connection = this.#connectionOptions;
    // A request with content stays HTTP: where its body would end after a switch is nowhere defined.
    this.#upgrade = this.#requestDone && this.#head.version === '1.1' ? upgradeOf(this.#head.fields, connection) : null;
    const clientHost = isRoute ? decision.clientHost : decision.host;
    const keepHost = !isRoute || (!decision.service.route.rewriteHost && clientHost !== '');
    const host = keepHost ? clientHost : upstream.hostField;
    const text = requestHeadText({
      head: this.#head,
      connection,
      framing: this.#framing,
      path: decision.path,
      host: host === this.#head.fields.first(FieldKind.host) ? null : host,
      clientHost,
      client: isRoute ? this.#sink.client : null,
      forwarded: options.forwarded,
      via: this.#service.viaLines[this.#head.version],
      upgrade: this.#upgrade,
      dropProxyControl: options.forward?.headerRouting === true,
    });
    writer.head(text, this.#framing.kind === 'none' ? 'none' : this.#framing.kind === 'chunked' ? 'chunked' : 'plain');
    if (this.#requestDone) this.requestEnd(null);
  }

  #responseText(
    head: ResponseHead,
    connection: ConnectionOptions,
    chunked: boolean,
    keepLength: boolean,
    upgrade: string | null,
  ): string {
    return responseHeadText({
      head,
      connection,
      via: this.#service.viaLines[head.version],
      clientVersion: this.#head.version,
      chunked,
      keepLength,
      keepAlive: this.#keepAlive,
      upgrade,
    });
  }

  #openTunnel(answer: string, rest: Buffer | null, status: number): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.#connection = null;
    this.#responseBegun = true;
    this.#record?.responseHead(status);
    this.#sink.writeHead(answer, 'plain');
    if (rest !== null) this.#sink.writeData(rest, 0, rest.length);
    this.#sink.flush();
    connection.become(this.#sink.openTunnel(connection, () => this.#end('')));
  }

  #answer(answer: LocalAnswer, reason: string): void {
    this.#responseBegun = true;
    if (this.#record !== null) this.#record.status = answer.status;
    this.#sink.writeHead(answer.head, this.method === 'HEAD' ? 'none' : 'plain');
    const body = Buffer.from(answer.body);
    this.#sink.writeData(body, 0, body.length);
    this.#sink.writeEnd(null);
    this.#end(reason);
    this.#sink.finished(answer.keepAlive);
  }

  #answerContext(): AnswerContext {
    return { version: this.#head.version, keepAlive: this.#requestDone && this.#sink.persistent };
  }

  #abandonUpstream(): void {
    const connection = this.#connection;
    this.#connection = null;
    connection?.abandon();
  }

  #end(error: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#record?.report(error);
  }
}
