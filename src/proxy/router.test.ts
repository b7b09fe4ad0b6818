import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Route } from './options.ts';
import { Router } from './router.ts';

function route(host: string | null, path: string | null): Route {
  return { host, path, targets: [], rewriteHost: false };
}

function found(routes: readonly Route[], host: string, path: string): string | null {
  const hit = new Router(routes).find(host, path);
  return hit === null ? null : `${hit.host ?? '*'}${hit.path ?? ''}`;
}

describe('Router, by host', () => {
  const routes = [
    route(null, null),
    route('*.example.com', null),
    route('api.example.com', null),
    route('*.eu.example.com', null),
    route('::1', null),
  ];

  it.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.COM', 'api.example.com'],
    ['api.example.com:8080', 'api.example.com'],
    ['api.example.com.', 'api.example.com'],
    ['Api.example.com.:80', 'api.example.com'],
    ['www.example.com', '*.example.com'],
    ['a.b.example.com:80', '*.example.com'],
    ['x.eu.example.com', '*.eu.example.com'],
    ['a.b.eu.example.com', '*.eu.example.com'],
    ['eu.example.com', '*.example.com'],
    ['example.com', '*'],
    ['.example.com', '*'],
    ['badexample.com', '*'],
    ['www.example.com.evil.test', '*'],
    ['[::1]:80', '::1'],
    ['[::1]', '::1'],
    ['[::1', '*'],
    ['', '*'],
  ])('%s → %s', (host, expected) => {
    expect(found(routes, host, '/')).toBe(expected);
  });

  it('finds nothing where no route is for any host', () => {
    expect(found([route('a.test', null), route('*.b.test', null)], 'c.test', '/')).toBeNull();
    expect(found([], 'c.test', '/')).toBeNull();
  });

  it('takes a route for an IPv6 address with or without brackets', () => {
    expect(found([route('[2001:db8::1]', null)], '[2001:DB8::1]:80', '/')).toBe('[2001:db8::1]');
  });
});

describe('Router, by path', () => {
  const routes = [route(null, '/v1'), route(null, '/v1/users/'), route(null, null)];

  it.each([
    ['/v1', '*/v1'],
    ['/v1/', '*/v1'],
    ['/v1?x=/v2', '*/v1'],
    ['/v1/x', '*/v1'],
    ['/v10', '*'],
    ['/V1', '*'],
    ['/v1/users', '*/v1/users/'],
    ['/v1/users/7', '*/v1/users/'],
    ['/v1/usersx', '*/v1'],
    ['/', '*'],
    ['*', '*'],
    ['', '*'],
  ])('%s → %s', (path, expected) => {
    expect(found(routes, 'any.test', path)).toBe(expected);
  });

  it('does not resolve dot segments and percent-encoding: the target gets the same bytes', () => {
    expect(found(routes, 'any.test', '/v1/../admin')).toBe('*/v1');
    expect(found(routes, 'any.test', '/v1/%2e%2e/admin')).toBe('*/v1');
    expect(found(routes, 'any.test', '/x/../v1')).toBe('*');
    expect(found(routes, 'any.test', '/%76%31')).toBe('*');
    expect(found(routes, 'any.test', '/v1%2fusers')).toBe('*');
    expect(found(routes, 'any.test', '//v1')).toBe('*');
  });

  it('takes / for any path', () => {
    expect(found([route(null, '/')], 'a.test', '/x')).toBe('*/');
    expect(found([route(null, '/')], 'a.test', '*')).toBe('*/');
  });
});

describe('Router, by both', () => {
  it('goes on to wildcards and to any host where no path of the better host matches', () => {
    const routes = [
      route('a.example.com', '/v1'),
      route('*.example.com', '/v2'),
      route('*.com', '/v3'),
      route(null, '/v4'),
    ];
    expect(found(routes, 'a.example.com', '/v1')).toBe('a.example.com/v1');
    expect(found(routes, 'a.example.com', '/v2')).toBe('*.example.com/v2');
    expect(found(routes, 'a.example.com', '/v3')).toBe('*.com/v3');
    expect(found(routes, 'a.example.com', '/v4')).toBe('*/v4');
    expect(found(routes, 'a.example.com', '/v5')).toBeNull();
  });

  it('prefers the better host to the longer path', () => {
    expect(found([route(null, '/v1/users'), route('a.test', '/v1')], 'a.test', '/v1/users')).toBe('a.test/v1');
  });

  it('keeps to the first of two routes for the same', () => {
    const first = route('a.test', '/v1');
    expect(new Router([first, route('a.test', '/v1/')]).find('a.test', '/v1')).toBe(first);
  });

  it('is not slowed down by a host of thousands of dots', () => {
    const router = new Router([route('*.example.com', null), route(null, '/v1')]);
    const host = 'a.'.repeat(15_000);
    const start = performance.now();
    for (let round = 0; round < 100; round++) expect(router.find(host, '/')).toBeNull();
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

/** The rule as it is told: every route, those that match, the best of them. */
function naive(routes: readonly Route[], host: string, path: string): Route | null {
  const labels = host.split('.');
  const segments = path.split('/');
  const rank = (route: Route): [number, number] | null => {
    const prefix = route.path === null || route.path === '/' ? [] : route.path.split('/');
    if (!prefix.every((segment, index) => segments[index] === segment)) return null;
    if (route.host === null) return [0, prefix.length];
    const wanted = route.host.split('.');
    if (wanted[0] !== '*') return route.host === host ? [1_000, prefix.length] : null;
    const suffix = wanted.slice(1);
    if (labels.length <= suffix.length) return null;
    return labels.slice(-suffix.length).join('.') === suffix.join('.') ? [suffix.length, prefix.length] : null;
  };
  let best: { route: Route; rank: [number, number] } | null = null;
  for (const route of routes) {
    const own = rank(route);
    if (own === null) continue;
    if (best === null || own[0] > best.rank[0] || (own[0] === best.rank[0] && own[1] > best.rank[1])) {
      best = { route, rank: own };
    }
  }
  return best?.route ?? null;
}

describe('Router, against the naive rule', () => {
  const label = fc.constantFrom('a', 'b', 'ab');
  const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const host = fc.oneof(
    fc.constant(null),
    name,
    name.map((suffix) => `*.${suffix}`),
  );
  const path = fc.array(label, { minLength: 1, maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
  const routes = fc.array(
    fc.tuple(host, fc.oneof(fc.constant(null), fc.constant('/'), path)).map(([h, p]) => route(h, p)),
    { maxLength: 12 },
  );
  const spelling = fc.constantFrom(
    (text: string) => text,
    (text: string) => text.toUpperCase(),
    (text: string) => `${text}.`,
    (text: string) => `${text}:8080`,
    (text: string) => `${text.toUpperCase()}.:1`,
  );

  it('finds the same route, however the host is spelt', () => {
    fc.assert(
      fc.property(
        routes,
        name,
        path,
        spelling,
        fc.constantFrom('', '?q=/a', '/'),
        (all, wanted, under, spell, tail) => {
          expect(new Router(all).find(spell(wanted), under + tail)).toBe(naive(all, wanted, under));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(routes, fc.string(), fc.string(), (all, anyHost, anyPath) => {
        new Router(all).find(anyHost, anyPath);
      }),
    );
  });
});
