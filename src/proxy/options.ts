import { LOOPBACK_RANGES, PRIVATE_RANGES } from '../base/address-set.ts';

/** What the data plane is told: plain data, so that the supervisor can send it to its workers. */

/** One upstream server. */
export interface Target {
  readonly protocol: 'http' | 'https';
  /** Name or address to connect to; ignored where `socketPath` is set. */
  readonly host: string;
  readonly port: number;
  /** A unix socket to connect to instead of host and port. */
  readonly socketPath: string | null;
}

/** Requests that match `host` and `path` go to `targets` in turn. */
export interface Route {
  /** Exact name, `*.example.com`, or null for any. Lower case. */
  readonly host: string | null;
  /** A path prefix that matches whole segments (`/v1` matches `/v1` and `/v1/x`, not `/v10`), or null for any. */
  readonly path: string | null;
  readonly targets: readonly Target[];
  /** Send the target's own name as `Host` instead of the client's. */
  readonly rewriteHost: boolean;
}

export interface ForwardAuth {
  readonly user: string;
  /** SHA-256 of the password, hex: the password itself never leaves the process that read it. */
  readonly passwordSha256: string;
}

export interface ForwardOptions {
  /** Clients that may use the forward proxy, as CIDR ranges. */
  readonly allow: readonly string[];
  readonly auth: ForwardAuth | null;
  /** Let clients that are not local reach loopback, link-local and other protected destinations. */
  readonly allowPrivate: boolean;
  /** Ports that CONNECT may open. */
  readonly connectPorts: readonly number[];
  /** `example.com.local` means `example.com:80`. */
  readonly localSuffix: boolean;
  /** Obey `X-Proxy-Server` and `X-Proxy-Host`. */
  readonly headerRouting: boolean;
}

/** Times in milliseconds, sizes in bytes. 0 switches a time-out or a count off. */
export interface Limits {
  /** Request line and fields together; more is answered 431. */
  readonly maxHeadBytes: number;
  readonly maxFields: number;
  /** Request target; more is answered 414. */
  readonly maxTargetBytes: number;
  /** From the first byte of a request (or the connection) to the end of its head; then 408. */
  readonly headTimeout: number;
  /** Longest silence within a body, either direction. */
  readonly bodyTimeout: number;
  readonly connectTimeout: number;
  /** From the request's end to the first byte of the response; then 504. */
  readonly firstByteTimeout: number;
  /** How long a client's connection may wait for its next request. */
  readonly idleTimeout: number;
  /** How long an upstream connection is kept for reuse. */
  readonly upstreamIdleTimeout: number;
  /** Longest silence in a tunnel (CONNECT, WebSocket). */
  readonly tunnelTimeout: number;
  /** Downstream connections at once; the supervisor gives each worker its share. */
  readonly maxConnections: number;
  /** Downstream connections at once from one address, per worker; trusted proxies are not counted. */
  readonly maxConnectionsPerClient: number;
  /** How long a target that refused a connection is left out. */
  readonly targetRetryAfter: number;
}

export const DEFAULT_LIMITS: Limits = {
  maxHeadBytes: 32 * 1024,
  maxFields: 100,
  maxTargetBytes: 8 * 1024,
  headTimeout: 15_000,
  bodyTimeout: 60_000,
  connectTimeout: 5_000,
  firstByteTimeout: 60_000,
  idleTimeout: 75_000,
  // Below Node's own keepAliveTimeout of 5 s, the commonest origin here: reusing what it is just closing costs a retry.
  upstreamIdleTimeout: 4_000,
  tunnelTimeout: 3_600_000,
  maxConnections: 16_384,
  maxConnectionsPerClient: 1_024,
  targetRetryAfter: 10_000,
};

export const DEFAULT_CONNECT_PORTS: readonly number[] = [443, 80];

/** The forward proxy as it is without options: closed to the world (loopback and private clients only). */
export const DEFAULT_FORWARD: ForwardOptions = {
  allow: [...LOOPBACK_RANGES, ...PRIVATE_RANGES],
  auth: null,
  allowPrivate: false,
  connectPorts: DEFAULT_CONNECT_PORTS,
  localSuffix: true,
  headerRouting: false,
};

/** What the welcome page tells about this process; details go to local clients only. */
export interface About {
  readonly version: string;
  /** How the listening socket was obtained, one sentence. */
  readonly socket: string;
  /** As whom the workers run, one sentence. */
  readonly runningAs: string;
}

export interface ProxyOptions {
  readonly routes: readonly Route[];
  /** null: no forward proxy. */
  readonly forward: ForwardOptions | null;
  /** Peers whose X-Forwarded-* and Forwarded fields are believed, as CIDR ranges. */
  readonly trustProxy: readonly string[];
  /** Also send RFC 7239 `Forwarded`. */
  readonly forwarded: boolean;
  /** PEM certificates that https targets may chain to, instead of the system's. */
  readonly upstreamCa: string | null;
  readonly limits: Limits;
  readonly about: About;
  /** The name in `Via`; a request that comes back with it is a loop (508). */
  readonly viaName: string;
  /** Addresses this lowport listens on: destinations the forward proxy refuses. */
  readonly ownPorts: readonly number[];
}

/** One finished exchange, for the access log. Times in milliseconds, sizes in bytes on the wire without TLS. */
export interface AccessEntry {
  readonly time: number;
  readonly requestId: string;
  /** The client's real address: the peer, or what a trusted proxy says. */
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly httpVersion: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly duration: number;
  /** From the request's dispatch to the upstream's response head; null where none came. */
  readonly firstByte: number | null;
  readonly route: string;
  readonly upstream: string;
  readonly referer: string;
  readonly userAgent: string;
  /** Why an exchange ended other than well; empty otherwise. */
  readonly error: string;
}

/** What the data plane reports; the worker turns it into log lines. Texts may hold bytes from the network: escape them. */
export interface ProxyObserver {
  /** null: no access log, and no work for it. */
  readonly access: ((entry: AccessEntry) => void) | null;
  warn(message: string, fields: Readonly<Record<string, string | number>>): void;
}
