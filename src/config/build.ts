import { availableParallelism } from 'node:os';
import { parseCidr } from '../base/address-set.ts';
import { DEFAULT_FORWARD, DEFAULT_LIMITS, type ForwardOptions, type Limits, type Route } from '../proxy/options.ts';
import type { Config } from './config.ts';
import { DEFAULT_DRAIN_TIMEOUT } from './defaults.ts';
import { readAuth, readCertificates } from './files.ts';
import { LIMIT_KEYS } from './limits.ts';
import { listenersOf } from './listeners.ts';
import { type FileSettings, FORWARD_SETTINGS, type Settings } from './settings.ts';

/** What each source says, parsed. */
export interface Layers {
  /** Flags over variables. */
  readonly explicit: Partial<Settings>;
  readonly file: FileSettings | null;
  /** How the user wrote a setting of `explicit`: `--allow` or `LOWPORT_ALLOW`. */
  readonly nameOf: (key: keyof Settings) => string;
}

/**
 * Merges the layers over the defaults. Contradictions between settings go to `problems`, where the answer is void.
 * @throws LowportError INVALID_CONFIG where a password or certificate file is not as it must be.
 */
export function buildConfig(layers: Layers, problems: string[]): Config {
  const settings = { ...layers.file?.settings, ...layers.explicit };
  const routes = routesOf(layers, problems);
  const isForward = settings.forward ?? routes.length === 0;
  checkForward(layers, isForward, routes, problems);
  const workers = settings.workers ?? 'auto';
  return {
    listen: listenersOf(layers.explicit, layers.file?.listen ?? null, problems),
    user: settings.user ?? null,
    workers: workers === 'auto' ? availableParallelism() : workers,
    drainTimeout: settings.drainTimeout ?? DEFAULT_DRAIN_TIMEOUT,
    logLevel: settings.logLevel ?? 'info',
    accessLog: settings.accessLog ?? 'off',
    proxy: {
      routes,
      forward: isForward ? forwardOf(settings) : null,
      trustProxy: settings.trustProxy ?? [],
      forwarded: settings.forwarded ?? false,
      upstreamCa: settings.upstreamCa === undefined ? null : readCertificates(settings.upstreamCa),
      limits: limitsOf(settings),
    },
  };
}

/** What is allowed but seldom meant. */
export function warningsOf({ proxy }: Config): readonly string[] {
  const { forward } = proxy;
  const isOpen = forward?.auth === null && forward.allow.some((range) => parseCidr(range)?.prefix === 0);
  if (!isOpen) return [];
  return ['anybody who reaches this forward proxy may use it: narrow --allow, or ask for a password with --auth'];
}

function routesOf({ explicit, file }: Layers, problems: string[]): readonly Route[] {
  const fromFile = file?.routes ?? [];
  const given =
    explicit.target === undefined
      ? fromFile
      : [{ host: null, path: null, targets: explicit.target, rewriteHost: undefined }];
  if (explicit.rewriteHost === true && given.length === 0)
    problems.push('--rewrite-host has no effect without a target');
  const otherwise = file?.settings.rewriteHost ?? false;
  return given.map((route) => ({ ...route, rewriteHost: explicit.rewriteHost ?? route.rewriteHost ?? otherwise }));
}

function checkForward(
  { explicit, nameOf }: Layers,
  isForward: boolean,
  routes: readonly Route[],
  problems: string[],
): void {
  if (isForward) return;
  if (routes.length === 0) problems.push('there is nothing to serve: no target, and the forward proxy is off');
  const idle = FORWARD_SETTINGS.filter((key) => explicit[key] !== undefined);
  for (const key of idle) problems.push(`${nameOf(key)} is for the forward proxy, which is off: add --forward`);
}

function forwardOf(settings: Partial<Settings>): ForwardOptions {
  return {
    allow: settings.allow ?? DEFAULT_FORWARD.allow,
    auth: settings.auth === undefined ? DEFAULT_FORWARD.auth : readAuth(settings.auth),
    allowPrivate: settings.allowPrivate ?? DEFAULT_FORWARD.allowPrivate,
    connectPorts: [...new Set([...DEFAULT_FORWARD.connectPorts, ...(settings.connectPorts ?? [])])],
    localSuffix: settings.localSuffix ?? DEFAULT_FORWARD.localSuffix,
    headerRouting: settings.headerRouting ?? DEFAULT_FORWARD.headerRouting,
  };
}

function limitsOf(settings: Partial<Settings>): Limits {
  const limits: { -readonly [K in keyof Limits]: Limits[K] } = { ...DEFAULT_LIMITS };
  for (const key of LIMIT_KEYS) limits[key] = settings[key] ?? limits[key];
  return limits;
}
