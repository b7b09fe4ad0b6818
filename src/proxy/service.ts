import { randomBytes } from 'node:crypto';
import { AddressSet } from '../base/address-set.ts';
import type { HttpVersion } from '../http/head.ts';
import { Deadlines } from './deadlines.ts';
import { DestinationGuard } from './destinations.ts';
import { ForwardAccess } from './forward-access.ts';
import { ForwardUpstreams } from './forward-upstreams.ts';
import type { ProxyObserver, ProxyOptions, Route, Target } from './options.ts';
import { Router } from './router.ts';
import { TargetGroup, Upstream, type UpstreamSettings } from './upstream.ts';

/** A route with its upstreams. */
export interface RouteService {
  readonly route: Route;
  readonly group: TargetGroup;
  /** For the access log: `api.example.com/v1`. */
  readonly name: string;
}

/** The forward side: who may use it, and to go where. */
export interface ForwardService {
  readonly access: ForwardAccess;
  readonly guard: DestinationGuard;
  readonly upstreams: ForwardUpstreams;
}

/** What all connections of one proxy share. */
export class Service {
  readonly options: ProxyOptions;
  readonly observer: ProxyObserver;
  readonly deadlines = new Deadlines();
  readonly router: Router;
  readonly forward: ForwardService | null;
  readonly guard: DestinationGuard;
  readonly trustedProxies: AddressSet | null;
  /** The `Via` line for each version a message may come in. */
  readonly viaLines: Readonly<Record<HttpVersion, string>>;
  /** Set once: from then on no connection is kept for another request. */
  draining = false;
  readonly #routes = new Map<Route, RouteService>();
  readonly #upstreams = new Map<string, Upstream>();
  readonly #idPrefix = randomBytes(5).toString('hex');
  #lastId = 0;

  constructor(options: ProxyOptions, observer: ProxyObserver) {
    this.options = options;
    this.observer = observer;
    this.router = new Router(options.routes);
    this.viaLines = { '1.0': `Via: 1.0 ${options.viaName}\r\n`, '1.1': `Via: 1.1 ${options.viaName}\r\n` };
    this.trustedProxies = options.trustProxy.length === 0 ? null : new AddressSet(options.trustProxy);
    const settings = { limits: options.limits, deadlines: this.deadlines, ca: options.upstreamCa };
    for (const route of options.routes) {
      const group = new TargetGroup(route.targets.map((target) => this.#upstream(target, settings)));
      this.#routes.set(route, { route, group, name: `${route.host ?? '*'}${route.path ?? ''}` });
    }
    this.guard = new DestinationGuard({
      allowPrivate: options.forward?.allowPrivate ?? false,
      ownPorts: options.ownPorts,
    });
    this.forward =
      options.forward === null
        ? null
        : {
            access: new ForwardAccess(options.forward),
            guard: this.guard,
            upstreams: new ForwardUpstreams(this.guard, settings),
          };
  }

  routeService(route: Route): RouteService | undefined {
    return this.#routes.get(route);
  }

  /** Names one request in the error page and the log. */
  nextRequestId(): string {
    this.#lastId++;
    return `${this.#idPrefix}-${this.#lastId.toString(36)}`;
  }

  closeIdleUpstreams(): void {
    for (const upstream of this.#upstreams.values()) upstream.closeIdle();
    this.forward?.upstreams.closeIdle();
  }

  /** Routes that name the same target share its connections. */
  #upstream(target: Target, settings: UpstreamSettings): Upstream {
    const created = new Upstream(target, settings);
    const known = this.#upstreams.get(created.name);
    if (known !== undefined) return known;
    this.#upstreams.set(created.name, created);
    return created;
  }
}
