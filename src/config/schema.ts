import * as v from 'valibot';
import { LOOPBACK_RANGES, PRIVATE_RANGES } from '../base/address-set.ts';
import { LOG_LEVELS } from '../base/log.ts';
import { DEFAULT_CONNECT_PORTS, DEFAULT_LIMITS, type Limits } from '../proxy/options.ts';
import { ACCESS_LOG_FORMATS } from './config.ts';
import { DEFAULT_DRAIN_TIMEOUT } from './defaults.ts';
import { formatDefaultLimit, LIMITS, parseLimit } from './limits.ts';
import { listenSchema } from './listen-schema.ts';
import { flag, listOf, mapping, parsedBy, text, textOrNumber, word } from './mapping.ts';
import type { Parsed } from './parsed.ts';
import * as scalar from './scalars.ts';
import type { FileRoute, FileSettings } from './settings.ts';
import { parseTarget } from './target.ts';
import { DURATION_PATTERN, formatDuration, parseDuration, SIZE_PATTERN } from './units.ts';

/** The schema of lowport.yaml; schema/lowport.schema.json is made from it by `npm run schema`. */

const target = textOrNumber(parseTarget, {
  description: 'A server: 3000, host:port, http://…, https://… or unix:/path, without a path of the request.',
  examples: ['http://127.0.0.1:3000'],
});

const rewriteHost = flag({ description: "Send the target's name as Host instead of the client's.", default: false });

const range = text(scalar.parseRange, { description: 'An IP address or a CIDR range.', examples: ['10.0.0.0/8'] });

const routeMapping = mapping({
  host: v.exactOptional(
    text(scalar.parseRouteHost, { description: 'Exact name, *.example.com, or * for any.', default: '*' }),
  ),
  path: v.exactOptional(
    text(scalar.parseRoutePath, { description: 'Path prefix, whole segments: /v1 is not /v10.', default: '/' }),
  ),
  target: v.exactOptional(target),
  targets: v.exactOptional(listOf(target, { description: 'Several servers, which take turns.' })),
  rewriteHost: v.exactOptional(rewriteHost),
});

const routes = v.pipe(
  listOf(v.pipe(routeMapping, parsedBy(toRoute)), {
    description: 'Which requests go where; the longest match of host, then path, wins.',
  }),
  parsedBy(distinctRoutes),
);

const forward = v.pipe(
  v.union([
    v.boolean(),
    mapping({
      allow: v.exactOptional(
        listOf(range, { description: 'Clients that may use it.', default: [...LOOPBACK_RANGES, ...PRIVATE_RANGES] }),
      ),
      auth: v.exactOptional(
        mapping({
          user: text(scalar.parseAuthUser, { description: 'The name to ask for.' }),
          passwordFile: text(scalar.parsePath, { description: 'File with the password, relative to this one.' }),
        }),
      ),
      allowPrivate: v.exactOptional(
        flag({ description: 'Let remote clients reach loopback, link-local and metadata addresses.', default: false }),
      ),
      connectPorts: v.exactOptional(
        listOf(textOrNumber(scalar.parseConnectPort, { description: 'A port.' }), {
          description: `Ports CONNECT may open beside ${DEFAULT_CONNECT_PORTS.join(' and ')}.`,
        }),
      ),
      localSuffix: v.exactOptional(flag({ description: 'Take example.com.local for example.com:80.', default: true })),
      headerRouting: v.exactOptional(flag({ description: 'Obey X-Proxy-Server and X-Proxy-Host.', default: false })),
    }),
  ]),
  v.metadata({ description: 'Be a forward proxy (curl -x) beside the routes; without routes it is one anyway.' }),
);

const log = mapping({
  level: v.exactOptional(word(LOG_LEVELS, { description: 'The least that is worth a line.', default: 'info' })),
  access: v.exactOptional(word(ACCESS_LOG_FORMATS, { description: 'A line per request.', default: 'off' })),
});

const limits = mapping({
  maxHeadBytes: limit('maxHeadBytes'),
  maxFields: limit('maxFields'),
  maxTargetBytes: limit('maxTargetBytes'),
  headTimeout: limit('headTimeout'),
  bodyTimeout: limit('bodyTimeout'),
  connectTimeout: limit('connectTimeout'),
  firstByteTimeout: limit('firstByteTimeout'),
  idleTimeout: limit('idleTimeout'),
  upstreamIdleTimeout: limit('upstreamIdleTimeout'),
  tunnelTimeout: limit('tunnelTimeout'),
  maxConnections: limit('maxConnections'),
  maxConnectionsPerClient: limit('maxConnectionsPerClient'),
  targetRetryAfter: limit('targetRetryAfter'),
});

const file = mapping({
  listen: v.exactOptional(listenSchema),
  target: v.exactOptional(target),
  routes: v.exactOptional(routes),
  rewriteHost: v.exactOptional(rewriteHost),
  upstreamCa: v.exactOptional(
    text(scalar.parsePath, { description: 'PEM certificates for https targets, relative to this file.' }),
  ),
  forward: v.exactOptional(forward),
  trustProxy: v.exactOptional(listOf(range, { description: 'Proxies in front whose X-Forwarded-* is believed.' })),
  forwarded: v.exactOptional(flag({ description: 'Send RFC 7239 Forwarded as well.', default: false })),
  user: v.exactOptional(
    textOrNumber(scalar.parseUser, {
      description: 'Whom to become after binding as root; else $SUDO_UID, else nobody.',
    }),
  ),
  workers: v.exactOptional(
    textOrNumber(scalar.parseWorkers, { description: 'Processes that serve; auto is one per CPU.', default: 'auto' }),
  ),
  drainTimeout: v.exactOptional(
    textOrNumber(parseDuration, {
      description: 'What requests in flight have to finish after SIGTERM.',
      default: formatDuration(DEFAULT_DRAIN_TIMEOUT),
      pattern: DURATION_PATTERN.source,
    }),
  ),
  log: v.exactOptional(log),
  limits: v.exactOptional(limits),
});

/** An empty file is one without settings. */
export const fileSchema = v.pipe(file, parsedBy(toSettings));

function limit(key: keyof Limits) {
  const { kind, help } = LIMITS[key];
  const pattern = { duration: DURATION_PATTERN.source, size: SIZE_PATTERN.source, count: '^\\d+$' }[kind];
  const unit = { duration: 'plain numbers are seconds', size: 'plain numbers are bytes', count: '0 is off' }[kind];
  return v.exactOptional(
    textOrNumber((given) => parseLimit(key, given), {
      description: `${help} (${unit}).`,
      default: kind === 'count' ? DEFAULT_LIMITS[key] : formatDefaultLimit(key),
      pattern,
    }),
  );
}

function toRoute(given: v.InferOutput<typeof routeMapping>): Parsed<FileRoute> {
  const { host = null, path = null, target: one, targets: several, rewriteHost: own } = given;
  if (one !== undefined && several !== undefined)
    return { fault: 'target and targets contradict each other', at: 'target' };
  const targets = several ?? (one === undefined ? null : [one]);
  if (targets === null) return { fault: 'a route needs a target, or several targets' };
  return { value: { host, path, targets, rewriteHost: own } };
}

function distinctRoutes(given: FileRoute[]): Parsed<readonly FileRoute[]> {
  const seen = new Set<string>();
  for (const [index, { host, path }] of given.entries()) {
    const match = `${host ?? '*'}${path ?? '/'}`;
    if (seen.has(match)) return { fault: `a route for ${match} is there already`, at: index };
    seen.add(match);
  }
  return { value: given };
}

function toSettings(given: v.InferOutput<typeof file>): Parsed<FileSettings> {
  const { listen, target: one, routes: several, forward: proxy, log: logging, limits: limited, ...plain } = given;
  if (one !== undefined && several !== undefined)
    return { fault: 'target and routes contradict each other', at: 'target' };
  const catchAll = one === undefined ? null : [{ host: null, path: null, targets: [one], rewriteHost: undefined }];
  const forwarding =
    typeof proxy === 'object' ? { ...proxy, forward: true } : proxy === undefined ? {} : { forward: proxy };
  return {
    value: {
      settings: {
        ...plain,
        ...forwarding,
        ...limited,
        ...(logging?.level === undefined ? {} : { logLevel: logging.level }),
        ...(logging?.access === undefined ? {} : { accessLog: logging.access }),
      },
      listen: listen ?? null,
      routes: several ?? catchAll,
    },
  };
}
