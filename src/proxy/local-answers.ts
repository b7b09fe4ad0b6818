import { isIP } from 'node:net';
import { splitHostPort } from '../base/address.ts';
import { FieldKind } from '../http/fields.ts';
import type { HttpVersion, RequestHead } from '../http/head.ts';
import type { About } from './options.ts';
import { persistenceField } from './outgoing-head.ts';
import { errorPage, PAGE_FIELDS, reasonPhrase, welcomePage } from './pages.ts';

/** Answers that lowport gives itself, as the text of a whole response. Pure. */

export interface LocalAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  readonly keepAlive: boolean;
}

export interface AnswerContext {
  readonly version: HttpVersion;
  readonly keepAlive: boolean;
}

export function errorAnswer(
  status: number,
  accept: string | undefined,
  requestId: string,
  context: AnswerContext,
): LocalAnswer {
  const page = errorPage(status, accept, requestId);
  // After a request that makes no sense, what follows on the connection cannot be trusted either.
  const closing = status === 400 ? { ...context, keepAlive: false } : context;
  const extra: [string, string][] = [['X-Request-Id', requestId]];
  if (status === 407) extra.push(['Proxy-Authenticate', 'Basic realm="lowport", charset="UTF-8"']);
  if (status === 405) extra.push(['Allow', 'GET, HEAD']);
  return answer(status, page.contentType, page.body, [...PAGE_FIELDS, ...extra], closing);
}

export function welcomeAnswer(about: About, isLocal: boolean, head: RequestHead, context: AnswerContext): LocalAnswer {
  const page = welcomePage(about, isLocal, head.fields.named('accept'), head.fields.first(FieldKind.host));
  return answer(200, page.contentType, page.body, PAGE_FIELDS, context);
}

/**
 * Whether a request asks for this machine by address or as localhost. A web page whose own name was made to resolve to
 * 127.0.0.1 (DNS rebinding) makes a local browser ask too, but under that name: it is told nothing about the machine.
 */
export function namesThisMachine(head: RequestHead): boolean {
  const host = splitHostPort(head.fields.first(FieldKind.host) ?? '')?.host ?? '';
  return isIP(host) !== 0 || host.toLowerCase() === 'localhost';
}

/** Never echoed by TRACE: what another program on the way must not see (RFC 9110 §9.3.8). */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** As the last recipient of a TRACE or OPTIONS with `Max-Forwards: 0` (RFC 9110 §7.6.2). */
export function finalRecipientAnswer(head: RequestHead, context: AnswerContext): LocalAnswer {
  if (head.method === 'OPTIONS') return answer(204, null, '', [], context);
  const fields = head.fields.lines((_kind, index) => !SECRET_FIELDS.has(head.fields.name(index).toLowerCase()));
  return answer(200, 'message/http', `TRACE ${head.target} HTTP/${head.version}\r\n${fields}\r\n`, [], context);
}

function answer(
  status: number,
  contentType: string | null,
  body: string,
  fields: readonly (readonly [string, string])[],
  context: AnswerContext,
): LocalAnswer {
  let head = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\nDate: ${new Date().toUTCString()}\r\n`;
  if (contentType !== null) {
    head += `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  }
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  const { version, keepAlive } = context;
  return { status, head: `${head}${persistenceField(version, keepAlive)}\r\n`, body, keepAlive };
}
