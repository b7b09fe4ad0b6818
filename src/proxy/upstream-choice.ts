import type { Dispatch } from './dispatch.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/** A request that goes to an upstream; other decisions are answered here. */
export type UpstreamDispatch = Extract<Dispatch, { kind: 'route' | 'forward' | 'connect' }>;

/** Which upstream one exchange uses, and which it has tried. */
export class UpstreamChoice {
  readonly #decision: UpstreamDispatch;
  readonly #tried: Upstream[] = [];
  #current: Upstream | null = null;

  constructor(decision: UpstreamDispatch) {
    this.#decision = decision;
  }

  get current(): Upstream | null {
    return this.#current;
  }

  /** A connection to the next target that was not tried, or null where none is left. */
  next(): UpstreamConnection | null {
    const upstream = this.#pick();
    if (upstream === null) return null;
    this.#tried.push(upstream);
    this.#current = upstream;
    const idle = this.#decision.kind === 'connect' ? null : upstream.takeIdle();
    return idle ?? upstream.connect();
  }

  /** A new connection to the same target, because a kept one turned out to be stale. */
  again(): UpstreamConnection | null {
    return this.#current?.connect() ?? null;
  }

  #pick(): Upstream | null {
    if (this.#decision.kind === 'route') return this.#decision.service.group.pick(this.#tried);
    return this.#tried.length === 0 ? this.#decision.upstream : null;
  }
}
