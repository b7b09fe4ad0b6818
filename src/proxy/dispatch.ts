import { splitHostPort } from '../base/address.ts';
import { FieldKind } from '../http/fields.ts';
import type { RequestHead } from '../http/head.ts';
import { HttpError } from '../http/http-error.ts';
import { isHostText, parseTarget, type RequestTarget } from '../http/target.ts';
import type { Client } from './client.ts';
import { parseProxyServer } from './header-routing.ts';
import { stripLocalSuffix } from './local-suffix.ts';
import type { ForwardOptions, Target } from './options.ts';
import type { ForwardService, RouteService, Service } from './service.ts';
import type { Upstream } from './upstream.ts';

/** What is to be done with a request. */
export type Dispatch =
  | { readonly kind: 'route'; readonly service: RouteService; readonly path: string; readonly clientHost: string }
  | { readonly kind: 'forward'; readonly upstream: Upstream; readonly path: string; readonly host: string }
  | { readonly kind: 'connect'; readonly upstream: Upstream }
  /** TRACE or OPTIONS whose Max-Forwards is used up: answered here (RFC 9110 §7.6.2). */
  | { readonly kind: 'final-recipient' }
  | { readonly kind: 'welcome' };

/** @throws HttpError with the status that refuses the request. */
export function dispatch(service: Service, client: Client, head: RequestHead): Dispatch {
  const host = hostField(head, client);
  const target = parseTarget(head.method, head.target);
  refuseLoop(head, service.options.viaName);
  if (isFinalRecipient(head)) return { kind: 'final-recipient' };
  if (service.forward !== null && service.options.forward !== null) {
    const forwarded = forwardDispatch(service.forward, service.options.forward, client, head, target, host);
    if (forwarded !== null) return forwarded;
  }
  if (target.form === 'authority') throw new HttpError(405, 'CONNECT without a forward proxy');
  if (service.options.routes.length === 0) return welcomeDispatch(head);
  const clientHost = target.form === 'absolute' ? target.authority : host;
  const path = target.form === 'absolute' ? target.path : head.target;
  const route = service.router.find(clientHost, path);
  const found = route === null ? undefined : service.routeService(route);
  if (found === undefined) throw new HttpError(404, 'no route');
  return { kind: 'route', service: found, path, clientHost };
}

/** Exactly one valid `Host` in HTTP/1.1, at most one in HTTP/1.0 (RFC 9112 §3.2). */
function hostField(head: RequestHead, client: Client): string {
  const count = head.fields.count(FieldKind.host);
  if (count > 1 || (count === 0 && head.version === '1.1')) throw new HttpError(400, 'exactly one Host is needed');
  const host = head.fields.first(FieldKind.host) ?? '';
  if (!client.askedBefore(host) && !isHostText(host)) throw new HttpError(400, 'malformed Host');
  return host;
}

function refuseLoop(head: RequestHead, viaName: string): void {
  const via = head.fields.joined(FieldKind.via);
  if (via?.includes(viaName)) throw new HttpError(508, 'the request has been here before');
}

function isFinalRecipient(head: RequestHead): boolean {
  if (head.method !== 'TRACE' && head.method !== 'OPTIONS') return false;
  const value = head.fields.first(FieldKind.maxForwards);
  return value !== undefined && /^0+$/.test(value);
}

function welcomeDispatch(head: RequestHead): Dispatch {
  if (head.target !== '/') throw new HttpError(404, 'only the welcome page is here');
  if (head.method !== 'GET' && head.method !== 'HEAD') throw new HttpError(405, 'the welcome page is only for reading');
  return { kind: 'welcome' };
}

/** null where the request is not for the forward proxy. */
function forwardDispatch(
  forward: ForwardService,
  options: ForwardOptions,
  client: Client,
  head: RequestHead,
  target: RequestTarget,
  host: string,
): Dispatch | null {
  if (target.form === 'authority') {
    admit(forward, client, head);
    if (!options.connectPorts.includes(target.port)) throw new HttpError(403, 'CONNECT to this port is not allowed');
    const wanted: Target = { protocol: 'http', host: target.host, port: target.port, socketPath: null };
    return { kind: 'connect', upstream: upstreamFor(forward, client, wanted) };
  }
  const chosen = forwardTarget(options, head, target, host);
  if (chosen === null) return null;
  admit(forward, client, head);
  const upstream = upstreamFor(forward, client, chosen.target);
  const path = target.form === 'absolute' ? target.path : head.target;
  return { kind: 'forward', upstream, path, host: chosen.host ?? upstream.hostField };
}

/** The server a request asks for and the `Host` to send, null for the server's own name. */
function forwardTarget(
  options: ForwardOptions,
  head: RequestHead,
  target: RequestTarget,
  host: string,
): { target: Target; host: string | null } | null {
  if (options.headerRouting) {
    const server = head.fields.first(FieldKind.xProxyServer);
    if (server !== undefined) return headerTarget(server, head.fields.first(FieldKind.xProxyHost));
  }
  const authority = target.form === 'absolute' ? target.authority : host;
  const suffixed = options.localSuffix ? stripLocalSuffix(authority) : null;
  if (suffixed !== null) return { target: { protocol: 'http', ...suffixed, socketPath: null }, host: null };
  if (target.form !== 'absolute') return null;
  if (target.scheme !== 'http') throw new HttpError(400, 'only http URLs; https goes through CONNECT');
  const parts = splitHostPort(authority);
  if (parts === null || parts.port === 0) throw new HttpError(400, 'malformed authority');
  return { target: { protocol: 'http', host: parts.host, port: parts.port ?? 80, socketPath: null }, host: authority };
}

function headerTarget(server: string, host: string | undefined): { target: Target; host: string | null } {
  const target = parseProxyServer(server);
  if (target === null) throw new HttpError(400, 'malformed X-Proxy-Server');
  if (host !== undefined && !isHostText(host)) throw new HttpError(400, 'malformed X-Proxy-Host');
  return { target, host: host ?? null };
}

function admit(forward: ForwardService, client: Client, head: RequestHead): void {
  if (!client.admittedBy(forward.access, forward.guard)) {
    throw new HttpError(403, 'client not allowed to use the forward proxy');
  }
  if (!forward.access.authenticates(head.fields.first(FieldKind.proxyAuthorization))) {
    throw new HttpError(407, 'wrong or missing proxy credentials');
  }
}

function upstreamFor(forward: ForwardService, client: Client, target: Target): Upstream {
  const scope = client.scope(forward.guard);
  const verdict = forward.guard.checkLiteral(target.host, target.port, scope);
  if (verdict !== null && verdict !== 'allowed') throw new HttpError(403, `destination refused: ${verdict}`);
  return forward.upstreams.get(target, scope);
}
