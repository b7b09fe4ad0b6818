import type { ClientScope, DestinationGuard } from './destinations.ts';
import type { Target } from './options.ts';
import { Upstream, type UpstreamSettings } from './upstream.ts';

/** Servers remembered at once; beyond, those without an open connection are forgotten. */
const MAX_REMEMBERED = 1_024;

/** The servers that clients of the forward proxy ask for, with their idle connections. */
export class ForwardUpstreams {
  readonly #guard: DestinationGuard;
  readonly #settings: UpstreamSettings;
  readonly #upstreams = new Map<string, Upstream>();

  constructor(guard: DestinationGuard, settings: UpstreamSettings) {
    this.#guard = guard;
    this.#settings = settings;
  }

  /** Connections are shared only among clients of one scope: what one may reach, another may not. */
  get(target: Target, scope: ClientScope): Upstream {
    const key = `${scope} ${target.protocol} ${target.host} ${target.port}`;
    const known = this.#upstreams.get(key);
    if (known !== undefined) return known;
    if (this.#upstreams.size >= MAX_REMEMBERED) this.#forgetUnused();
    const upstream = new Upstream(target, this.#settings, this.#guard.lookupFor(scope, target.port));
    this.#upstreams.set(key, upstream);
    return upstream;
  }

  closeIdle(): void {
    for (const upstream of this.#upstreams.values()) upstream.closeIdle();
  }

  #forgetUnused(): void {
    for (const [key, upstream] of this.#upstreams) if (upstream.unused) this.#upstreams.delete(key);
  }
}
