import type { ConnectionOptions } from '../http/connection-options.ts';
import { isNominated } from '../http/connection-options.ts';
import { FieldKind, type FieldList, isHopByHop } from '../http/fields.ts';
import type { Framing } from '../http/framing.ts';
import type { HttpVersion, RequestHead, ResponseHead } from '../http/head.ts';
import { type Client, forwardedLines } from './client.ts';

/** Builds the heads that lowport sends, from those it received (RFC 9110 §7.6). Pure: text in, text out. */

export interface OutgoingRequest {
  readonly head: RequestHead;
  readonly connection: ConnectionOptions;
  readonly framing: Framing;
  /** The target to send: origin-form, or `*`. */
  readonly path: string;
  /** The `Host` to send; null where the client's own field stays. */
  readonly host: string | null;
  /** The name the client asked for, for `X-Forwarded-Host`. */
  readonly clientHost: string;
  /** Whom to name in `X-Forwarded-*`; null on the forward side, whose clients keep their privacy. */
  readonly client: Client | null;
  /** Also send `Forwarded` (RFC 7239). */
  readonly forwarded: boolean;
  /** The `Via` line for the client's version, with its line end. */
  readonly via: string;
  /** The protocols of an `Upgrade` to pass on, or null. */
  readonly upgrade: string | null;
  /** `X-Proxy-Server` and `X-Proxy-Host` were for lowport. */
  readonly dropProxyControl: boolean;
}

export function requestHeadText(request: OutgoingRequest): string {
  const { head, client, framing } = request;
  const keepForwarded = client === null || client.trusted;
  const isSameLine = request.path === head.target && head.version === '1.1';
  let text = isSameLine ? head.line : `${head.method} ${request.path} HTTP/1.1\r\n`;
  if (request.host !== null) text += `Host: ${request.host}\r\n`;
  text += head.fields.lines((kind, index) => isPassedOn(kind, index, request, keepForwarded));
  if (client !== null) text += forwardedFields(request, client);
  const hops = head.fields.has(FieldKind.maxForwards) ? maxForwards(head) : null;
  if (hops !== null) text += `Max-Forwards: ${hops}\r\n`;
  text += request.via;
  if (framing.kind === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (request.upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${request.upgrade}\r\n`;
  else if (acceptsTrailers(head)) text += 'Connection: TE\r\nTE: trailers\r\n';
  return `${text}\r\n`;
}

function isPassedOn(kind: FieldKind, index: number, request: OutgoingRequest, keepForwarded: boolean): boolean {
  switch (kind) {
    case FieldKind.other:
      return !isNominated(request.connection, request.head.fields, index);
    case FieldKind.host:
      return request.host === null;
    case FieldKind.maxForwards:
      return false;
    case FieldKind.expect:
      return request.head.version === '1.1';
    case FieldKind.forwarded:
    case FieldKind.xForwardedOther:
      return keepForwarded;
    case FieldKind.xForwardedFor:
    case FieldKind.xForwardedProto:
    case FieldKind.xForwardedHost:
    case FieldKind.xForwardedPort:
      return request.client === null;
    case FieldKind.xProxyServer:
    case FieldKind.xProxyHost:
      return !request.dropProxyControl;
    default:
      return !isHopByHop(kind);
  }
}

/** `X-Forwarded-*` for an upstream: what a trusted proxy said, continued; anybody else's words are replaced. */
function forwardedFields(request: OutgoingRequest, client: Client): string {
  const text = client.trusted ? continuedFields(request, client) : client.forwardedFields(request.clientHost);
  return request.forwarded ? `${text}Forwarded: ${forwardedElement(client, request.clientHost)}\r\n` : text;
}

function continuedFields({ head: { fields }, clientHost }: OutgoingRequest, client: Client): string {
  const before = fields.joined(FieldKind.xForwardedFor);
  const proto = fields.first(FieldKind.xForwardedProto) ?? client.proto;
  const port = fields.first(FieldKind.xForwardedPort) ?? String(client.localPort);
  const host = fields.first(FieldKind.xForwardedHost) ?? clientHost;
  const chain = before === undefined ? client.address : `${before}, ${client.address}`;
  return forwardedLines(chain, proto, port, host);
}

/** RFC 7239 §4 and §6: IPv6 in brackets, and quoted wherever it is not a token. */
function forwardedElement(client: Client, host: string): string {
  const node = client.address.includes(':') ? `"[${client.address}]"` : client.address;
  return `for=${node};host="${host}";proto=${client.proto}`;
}

/** One hop fewer for TRACE and OPTIONS (RFC 9110 §7.6.2); for other methods the field means nothing and stays. */
function maxForwards(head: RequestHead): string {
  const value = head.fields.first(FieldKind.maxForwards) ?? '';
  const counts = (head.method === 'TRACE' || head.method === 'OPTIONS') && /^\d{1,9}$/.test(value);
  return counts ? String(Math.max(0, Number(value) - 1)) : value;
}

function acceptsTrailers(head: RequestHead): boolean {
  const te = head.fields.first(FieldKind.te);
  return te !== undefined && head.version === '1.1' && /(^|[\s,])trailers($|[\s,;])/i.test(te);
}

export interface OutgoingResponse {
  readonly head: ResponseHead;
  readonly connection: ConnectionOptions;
  /** The `Via` line for the upstream's version, with its line end. */
  readonly via: string;
  readonly clientVersion: HttpVersion;
  /** Whether the body is sent chunked. */
  readonly chunked: boolean;
  /** The upstream's Content-Length still describes what is sent (it does after HEAD and in a 304 too). */
  readonly keepLength: boolean;
  readonly keepAlive: boolean;
  /** The protocol switched to, in a 101; null otherwise. */
  readonly upgrade: string | null;
}

export function responseHeadText(response: OutgoingResponse): string {
  const { head, connection } = response;
  let text = head.version === '1.1' ? head.line : `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
  text += head.fields.lines((kind, index) => {
    if (kind === FieldKind.other) return !isNominated(connection, head.fields, index);
    if (kind === FieldKind.contentLength) return response.keepLength;
    if (kind === FieldKind.trailer) return response.chunked;
    return !isHopByHop(kind);
  });
  text += response.via;
  if (response.chunked) text += 'Transfer-Encoding: chunked\r\n';
  if (response.upgrade !== null) text += `Connection: Upgrade\r\nUpgrade: ${response.upgrade}\r\n`;
  else if (head.status >= 200) text += persistenceField(response.clientVersion, response.keepAlive);
  return `${text}\r\n`;
}

/** HTTP/1.1 persists unless told otherwise, HTTP/1.0 only if told so (RFC 9112 §9.3). */
export function persistenceField(clientVersion: HttpVersion, keepAlive: boolean): string {
  if (!keepAlive) return 'Connection: close\r\n';
  return clientVersion === '1.0' ? 'Connection: keep-alive\r\n' : '';
}

/**
 * The protocols of a request's `Upgrade` that may be passed on, or null. HTTP/2 and TLS are taken out: after such a
 * switch, requests would pass through that nobody looked at.
 */
export function upgradeOf(fields: FieldList, connection: ConnectionOptions): string | null {
  if (!connection.upgrade) return null;
  const offered = fields.joined(FieldKind.upgrade);
  if (offered === undefined) return null;
  const protocols = offered
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '' && !/^(h2|h2c|http\b.*|tls\b.*)$/i.test(protocol));
  return protocols.length === 0 ? null : protocols.join(', ');
}
