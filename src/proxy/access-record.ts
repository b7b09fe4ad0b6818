import { FieldKind, FieldList } from '../http/fields.ts';
import type { RequestHead } from '../http/head.ts';
import { realClientAddress } from './client.ts';
import type { AccessEntry } from './options.ts';
import type { ResponseSink } from './response-sink.ts';
import type { Service } from './service.ts';

/** Stands for a request that could not be read, in the log. */
export const NO_REQUEST: RequestHead = {
  line: '',
  method: '-',
  target: '-',
  version: '1.1',
  fields: new FieldList(''),
};

/** What the access log will say of one exchange, gathered as it goes on. */
export class AccessRecord {
  readonly requestId: string;
  route = '';
  upstream = '';
  status = 0;
  #firstByte: number | null = null;
  readonly #time = Date.now();
  readonly #start = performance.now();
  readonly #bytesWritten: number;
  readonly #service: Service;
  readonly #sink: ResponseSink;
  readonly #head: RequestHead;

  constructor(service: Service, sink: ResponseSink, head: RequestHead) {
    this.#service = service;
    this.#sink = sink;
    this.#head = head;
    this.requestId = service.nextRequestId();
    this.#bytesWritten = sink.bytesWritten;
  }

  /** The upstream's response head has come. */
  responseHead(status: number): void {
    this.status = status;
    this.#firstByte = performance.now() - this.#start;
  }

  /** The request never became an exchange. */
  refuse(status: number, reason: string): void {
    this.status = status;
    this.report(reason);
  }

  /** @param error why the exchange ended other than well; empty otherwise */
  report(error: string): void {
    const { observer, trustedProxies } = this.#service;
    const { fields, method, target, version } = this.#head;
    const entry: AccessEntry = {
      time: this.#time,
      requestId: this.requestId,
      client: realClientAddress(this.#sink.client, fields, trustedProxies),
      method,
      target: withoutUserInfo(target),
      host: fields.first(FieldKind.host) ?? '',
      httpVersion: version,
      status: this.status,
      bytesIn: this.#sink.requestBytes,
      bytesOut: this.#sink.bytesWritten - this.#bytesWritten,
      duration: performance.now() - this.#start,
      firstByte: this.#firstByte,
      route: this.route,
      upstream: this.upstream,
      referer: withoutUserInfo(fields.named('referer') ?? ''),
      userAgent: fields.named('user-agent') ?? '',
      error,
    };
    observer.access?.(entry);
  }
}

/** A URL without its user and password, which a log must not keep. */
function withoutUserInfo(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1');
}
