import { LOG_LEVELS } from '../base/log.ts';
import type { Limits } from '../proxy/options.ts';
import { DEFAULT_CONNECT_PORTS } from '../proxy/options.ts';
import { ACCESS_LOG_FORMATS } from './config.ts';
import { DEFAULT_DRAIN_TIMEOUT, DEFAULT_PORT } from './defaults.ts';
import { formatDefaultLimit, LIMITS, parseLimit } from './limits.ts';
import { parseListenPlace, parseListenPort, parseMode } from './listen.ts';
import { list, type Option, single, toggle } from './option.ts';
import * as scalar from './scalars.ts';
import type { Settings } from './settings.ts';
import { parseTarget } from './target.ts';
import { formatDuration, parseDuration } from './units.ts';

/** One row per setting; help shows them in this order. */
export const OPTIONS: { readonly [K in keyof Settings]: Option<Settings[K]> } = {
  host: list('<address>', parseListenPlace, {
    group: 'listen',
    help: 'Address or name to listen on, with a port if it has its own, or unix:/path',
    defaultText: 'every address, IPv4 and IPv6',
  }),
  port: list('<port>', parseListenPort, {
    group: 'listen',
    help: 'Port to listen on, on each --host',
    defaultText: String(DEFAULT_PORT),
  }),
  socketMode: single('<octal>', parseMode, {
    group: 'listen',
    help: 'Permissions of unix sockets, like 0660',
    defaultText: 'by the umask',
  }),

  target: list('<url>', parseTarget, {
    group: 'targets',
    help: 'Where requests go: 3000, host:port, http://…, https://…, unix:/path; several take turns',
  }),
  rewriteHost: toggle({ group: 'targets', help: "Send the target's name as Host instead of the client's" }),
  upstreamCa: single('<file>', scalar.parsePath, {
    group: 'targets',
    help: 'PEM certificates that https targets are verified by',
    defaultText: "Node's",
  }),

  forward: toggle({
    group: 'forward',
    help: 'Be a forward proxy beside the targets',
    defaultText: 'on without a target',
  }),
  allow: list('<cidr>', scalar.parseRange, {
    group: 'forward',
    help: 'Clients that may use it',
    defaultText: 'loopback and private ranges',
  }),
  auth: single('<user:file>', scalar.parseAuth, {
    group: 'forward',
    help: 'Ask for this user and the password in that file',
  }),
  allowPrivate: toggle({
    group: 'forward',
    help: 'Let remote clients reach loopback, link-local and metadata addresses',
  }),
  connectPorts: list('<port>', scalar.parseConnectPort, {
    group: 'forward',
    help: `Ports that CONNECT may open beside ${DEFAULT_CONNECT_PORTS.join(' and ')}`,
  }),
  localSuffix: toggle({
    group: 'forward',
    help: 'take example.com.local for example.com:80',
    defaultText: 'on',
  }),
  headerRouting: toggle({ group: 'forward', help: 'Obey X-Proxy-Server and X-Proxy-Host' }),

  trustProxy: list('<cidr>', scalar.parseRange, {
    group: 'clients',
    help: 'Proxies in front whose X-Forwarded-* and Forwarded are believed',
  }),
  forwarded: toggle({ group: 'clients', help: 'Send RFC 7239 Forwarded as well' }),

  user: single('<name>', scalar.parseUser, {
    group: 'process',
    help: 'Whom to become after binding as root',
    defaultText: '$SUDO_UID, else nobody',
  }),
  workers: single('<count>', scalar.parseWorkers, {
    group: 'process',
    help: 'Processes that serve',
    defaultText: 'auto: one per CPU',
  }),
  drainTimeout: single('<time>', parseDuration, {
    group: 'process',
    help: 'What requests in flight have to finish after SIGTERM',
    defaultText: formatDuration(DEFAULT_DRAIN_TIMEOUT),
  }),

  logLevel: single('<level>', scalar.oneOf(LOG_LEVELS), {
    group: 'log',
    help: LOG_LEVELS.join(', '),
    defaultText: 'info',
  }),
  accessLog: single('[format]', scalar.parseAccessLog, {
    group: 'log',
    help: `A line per request: ${ACCESS_LOG_FORMATS.join(', ')}`,
    preset: 'json',
    defaultText: 'off',
  }),

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
};

function isOptionKey(key: string): key is keyof Settings {
  return Object.hasOwn(OPTIONS, key);
}

export const OPTION_KEYS: readonly (keyof Settings)[] = Object.keys(OPTIONS).filter(isOptionKey);

/** `socketMode` → `--socket-mode`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** `socketMode` → `LOWPORT_SOCKET_MODE`. */
export function variableOf(key: string): string {
  return `LOWPORT_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Texts by setting, as flags or the environment gave them. */
export type OptionTexts = ReadonlyMap<keyof Settings, readonly string[]>;

/** Parses what was given. What is wrong goes to `problems`, each line beginning with the name that `nameOf` gives. */
export function readOptions(
  texts: OptionTexts,
  nameOf: (key: keyof Settings) => string,
  problems: string[],
): Partial<Settings> {
  const settings: { -readonly [K in keyof Settings]?: Settings[K] } = {};
  const read = <K extends keyof Settings>(key: K, given: readonly string[]): void => {
    const parsed = OPTIONS[key].parse(given.map((text) => text.trim()));
    if ('fault' in parsed) problems.push(`${nameOf(key)}: ${parsed.fault}`);
    else settings[key] = parsed.value;
  };
  for (const [key, given] of texts) read(key, given);
  return settings;
}

function limit(key: keyof Limits): Option<number> {
  const { kind, help } = LIMITS[key];
  const argument = { duration: '<time>', size: '<size>', count: '<count>' }[kind];
  return single(argument, (text) => parseLimit(key, text), {
    group: 'limits',
    help,
    defaultText: formatDefaultLimit(key),
  });
}
