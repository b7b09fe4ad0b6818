import type { Route } from './options.ts';

/** One route of a host. A list of them is sorted by the length of the prefix, the longest first. */
interface PathRoute {
  /** Without the slash at its end; empty matches every path. */
  readonly prefix: string;
  readonly route: Route;
}

/**
 * Finds the route of a request. Among the routes whose host and path both match, the better host wins (exact, then
 * the longest `*.suffix`, then any), and for the same host the longer path. So a request for a host that has routes
 * of its own, none of them for this path, goes on to the wildcards and to the routes for any host, as in Traefik and
 * HAProxy; nginx would stay with the host.
 *
 * Paths are compared as they were sent: `%2e`, `..` and `//` are not resolved, because the target gets the very same
 * bytes and may read them in its own way. Therefore a route only chooses a target; it is no access control.
 * `/v1/../admin` goes to the target of `/v1`.
 */
export class Router {
  readonly #exact = new Map<string, PathRoute[]>();
  /** By suffix with its leading dot. */
  readonly #wildcard = new Map<string, PathRoute[]>();
  readonly #any: PathRoute[] = [];
  #longestSuffix = 0;

  /** Of several routes with the same host and path the first counts. */
  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const prefix = (route.path ?? '').replace(/\/+$/, '');
      this.#pathsOf(route.host).push({ prefix, route });
    }
    for (const paths of [this.#any, ...this.#exact.values(), ...this.#wildcard.values()]) {
      paths.sort((a, b) => b.prefix.length - a.prefix.length);
    }
  }

  /** `host` as the client sent it (port, upper case, final dot and brackets allowed); `path` with or without query. */
  find(host: string, path: string): Route | null {
    if (this.#exact.size > 0 || this.#wildcard.size > 0) {
      const name = normalizeHost(host);
      const own = findPath(this.#exact.get(name), path) ?? this.#findWildcard(name, path);
      if (own !== null) return own;
    }
    return findPath(this.#any, path);
  }

  #findWildcard(name: string, path: string): Route | null {
    if (this.#wildcard.size === 0) return null;
    // From the longest suffix there is: a hostile host of thousands of dots is not cut at each of them. And from the
    // second character, because `*` stands for one label at least.
    let dot = name.indexOf('.', Math.max(1, name.length - this.#longestSuffix));
    while (dot >= 0) {
      const found = findPath(this.#wildcard.get(name.slice(dot)), path);
      if (found !== null) return found;
      dot = name.indexOf('.', dot + 1);
    }
    return null;
  }

  #pathsOf(host: string | null): PathRoute[] {
    if (host === null) return this.#any;
    const isWildcard = host.startsWith('*.');
    const key = normalizeHost(isWildcard ? host.slice(1) : host);
    if (isWildcard) this.#longestSuffix = Math.max(this.#longestSuffix, key.length);
    const hosts = isWildcard ? this.#wildcard : this.#exact;
    const known = hosts.get(key);
    if (known !== undefined) return known;
    const paths: PathRoute[] = [];
    hosts.set(key, paths);
    return paths;
  }
}

function findPath(paths: readonly PathRoute[] | undefined, path: string): Route | null {
  if (paths === undefined) return null;
  for (const { prefix, route } of paths) if (isPrefix(prefix, path)) return route;
  return null;
}

function isPrefix(prefix: string, path: string): boolean {
  if (prefix === '') return true;
  if (!path.startsWith(prefix)) return false;
  if (path.length === prefix.length) return true;
  const next = path[prefix.length];
  return next === '/' || next === '?';
}

/** `Example.COM.:8080` as `example.com`, `[::1]:80` as `::1`. */
function normalizeHost(raw: string): string {
  const lower = withoutPort(raw).toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}

function withoutPort(host: string): string {
  if (host.startsWith('[')) {
    const close = host.indexOf(']');
    return close < 0 ? host : host.slice(1, close);
  }
  const colon = host.indexOf(':');
  // More than one colon outside brackets: an IPv6 address, without a port.
  return colon < 0 || host.includes(':', colon + 1) ? host : host.slice(0, colon);
}
