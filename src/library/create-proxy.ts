import { userInfo } from 'node:os';
import { LowportError } from '../base/errors.ts';
import { readVersion } from '../base/version.ts';
import { newViaName } from '../base/via-name.ts';
import { parseTarget } from '../config/target.ts';
import {
  type AccessEntry,
  DEFAULT_FORWARD,
  DEFAULT_LIMITS,
  type ForwardOptions,
  type Limits,
  type Route,
  type Target,
} from '../proxy/options.ts';
import { HttpProxy } from '../proxy/proxy.ts';

/** One route of `createProxy`; the longest match wins, as in `lowport.yaml`. */
export interface CreateProxyRoute {
  /** Exact name or `*.example.com`; any where left out. */
  readonly host?: string;
  /** Path prefix, by whole segments; any where left out. */
  readonly path?: string;
  /** `3000`, `http://host:port`, `https://host`, `unix:/path`; several are used in turn. */
  readonly targets: readonly (string | number)[];
  /** Send the target's name as `Host` instead of the client's. */
  readonly rewriteHost?: boolean;
}

export interface CreateProxyOptions {
  /** Short for one route that matches everything. */
  readonly targets?: readonly (string | number)[];
  readonly routes?: readonly CreateProxyRoute[];
  /** The forward proxy, with its defaults or others; off where left out, unless there is no route either. */
  readonly forward?: boolean | Partial<ForwardOptions>;
  /** CIDR ranges of proxies whose X-Forwarded-* are believed. */
  readonly trustProxy?: readonly string[];
  /** Also send `Forwarded` (RFC 7239). */
  readonly forwarded?: boolean;
  /** PEM certificates that https targets may chain to, instead of the system's. */
  readonly upstreamCa?: string;
  readonly limits?: Partial<Limits>;
  /** Ports you listen on: the forward proxy refuses to connect back to them. */
  readonly ownPorts?: readonly number[];
  /** Called once per finished exchange. */
  readonly onAccess?: (entry: AccessEntry) => void;
  /** Called when an upstream fails. The texts may hold bytes from the network. */
  readonly onWarning?: (message: string, fields: Readonly<Record<string, string | number>>) => void;
}

/**
 * The data plane of lowport, for a server of your own:
 *
 * ```ts
 * const proxy = createProxy({ targets: [3000] });
 * const server = net.createServer({ allowHalfOpen: true, noDelay: true });
 * proxy.attach(server);
 * server.listen({ fd: listenFds()[0]?.fd ?? 3 }, 4096);
 * ```
 *
 * @throws LowportError USAGE for a target that is none; RangeError for a malformed CIDR range.
 */
export function createProxy(options: CreateProxyOptions = {}): HttpProxy {
  const routes = [...(options.routes ?? []), ...(options.targets === undefined ? [] : [{ targets: options.targets }])];
  return new HttpProxy(
    {
      routes: routes.map(completeRoute),
      forward: completeForward(options.forward ?? routes.length === 0),
      trustProxy: options.trustProxy ?? [],
      forwarded: options.forwarded ?? false,
      upstreamCa: options.upstreamCa ?? null,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      about: { version: readVersion(), socket: 'opened by the program that uses lowport', runningAs: ownName() },
      viaName: newViaName(),
      ownPorts: options.ownPorts ?? [],
    },
    { access: options.onAccess ?? null, warn: (message, fields) => options.onWarning?.(message, fields) },
  );
}

function completeRoute(route: CreateProxyRoute): Route {
  return {
    host: route.host?.toLowerCase() ?? null,
    path: route.path ?? null,
    targets: route.targets.map(completeTarget),
    rewriteHost: route.rewriteHost ?? false,
  };
}

function completeTarget(text: string | number): Target {
  const target = parseTarget(String(text));
  if ('value' in target) return target.value;
  throw new LowportError(target.fault, { code: 'USAGE', source: 'usage' });
}

function completeForward(forward: boolean | Partial<ForwardOptions>): ForwardOptions | null {
  if (forward === false) return null;
  return forward === true ? DEFAULT_FORWARD : { ...DEFAULT_FORWARD, ...forward };
}

function ownName(): string {
  const { username, uid } = userInfo();
  return `${username} (uid ${uid})`;
}
