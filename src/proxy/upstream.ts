import { connect, isIP, type LookupFunction, type OnReadOpts, type Socket } from 'node:net';
import type { Deadlines } from './deadlines.ts';
import type { Limits, Target } from './options.ts';
import { targetHostField, targetName } from './target-name.ts';
import { UpstreamConnection, type UpstreamOwner } from './upstream-connection.ts';

/** Idle connections kept per target and worker. */
const MAX_IDLE = 256;

export interface UpstreamSettings {
  readonly limits: Limits;
  readonly deadlines: Deadlines;
  /** PEM text of the certificates that https targets may chain to; null: the system's. */
  readonly ca: string | null;
}

/** One target: its idle connections and how it last behaved. */
export class Upstream implements UpstreamOwner {
  readonly target: Target;
  /** For logs: `http://127.0.0.1:3000`. */
  readonly name: string;
  /** The `Host` a request carries where it is rewritten. */
  readonly hostField: string;
  readonly #settings: UpstreamSettings;
  readonly #lookup: LookupFunction | undefined;
  readonly #idle: UpstreamConnection[] = [];
  #connections = 0;
  #downUntil = 0;

  constructor(target: Target, settings: UpstreamSettings, lookup?: LookupFunction) {
    this.target = target;
    this.name = targetName(target);
    this.hostField = targetHostField(target);
    this.#settings = settings;
    this.#lookup = lookup;
  }

  /** No connection is open: nothing would be lost by forgetting this upstream. */
  get unused(): boolean {
    return this.#connections === 0;
  }

  isDown(now: number): boolean {
    return this.#downUntil > now;
  }

  markDown(): void {
    this.#downUntil = performance.now() + this.#settings.limits.targetRetryAfter;
  }

  /** The most recently used idle connection: the least likely to be stale. */
  takeIdle(): UpstreamConnection | null {
    return this.#idle.pop() ?? null;
  }

  connect(): UpstreamConnection {
    this.#connections++;
    const { limits, deadlines, ca } = this.#settings;
    const event = this.target.protocol === 'https' ? 'secureConnect' : 'connect';
    const open = (onread: OnReadOpts): Socket => openSocket(this.target, ca, this.#lookup, onread);
    return new UpstreamConnection(open, event, this, deadlines, limits);
  }

  released(connection: UpstreamConnection): void {
    this.#downUntil = 0;
    if (this.#idle.length < MAX_IDLE) this.#idle.push(connection);
    else connection.socket.destroy();
  }

  closed(connection: UpstreamConnection): void {
    this.#connections--;
    const index = this.#idle.lastIndexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.socket.destroy();
  }
}

function openSocket(target: Target, ca: string | null, lookup: LookupFunction | undefined, onread: OnReadOpts): Socket {
  const common = { noDelay: true, allowHalfOpen: true };
  const where =
    target.socketPath !== null
      ? { ...common, path: target.socketPath }
      : { ...common, host: target.host, port: target.port, ...(lookup === undefined ? {} : { lookup }) };
  if (target.protocol === 'http') return connect({ ...where, onread });
  // Loaded with the first https target: it costs a start 10 ms, and most have none.
  return process.getBuiltinModule('node:tls').connect({
    ...where,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    ...(ca === null ? {} : { ca }),
  });
}

/** Several targets of one route, in turn; one that refused is left out for a while (passive health). */
export class TargetGroup {
  readonly upstreams: readonly Upstream[];
  #next = 0;

  constructor(upstreams: readonly Upstream[]) {
    this.upstreams = upstreams;
  }

  /** The next healthy target not among `tried`; where all are down, the next in turn; null where all were tried. */
  pick(tried: readonly Upstream[]): Upstream | null {
    const { upstreams } = this;
    if (upstreams.length === 1) return tried.length === 0 ? (upstreams[0] ?? null) : null;
    const now = performance.now();
    let fallback: Upstream | null = null;
    for (let step = 0; step < upstreams.length; step++) {
      const index = (this.#next + step) % upstreams.length;
      const upstream = upstreams[index];
      if (upstream === undefined || tried.includes(upstream)) continue;
      if (!upstream.isDown(now)) {
        this.#next = index + 1;
        return upstream;
      }
      fallback ??= upstream;
    }
    this.#next++;
    return fallback;
  }
}
