import type { LogLevel } from '../base/log.ts';
import type { Limits, Route, Target } from '../proxy/options.ts';
import type { AccessLogFormat, Listener } from './config.ts';
import type { ListenPlace } from './listen.ts';
import type { AuthFile } from './scalars.ts';

/** Every setting that a flag and a `LOWPORT_*` variable can give, parsed but not yet merged or defaulted. */
export interface Settings extends Limits {
  readonly host: readonly ListenPlace[];
  readonly port: readonly number[];
  readonly socketMode: number;
  readonly target: readonly Target[];
  readonly rewriteHost: boolean;
  readonly upstreamCa: string;
  readonly forward: boolean;
  readonly allow: readonly string[];
  readonly auth: AuthFile;
  readonly allowPrivate: boolean;
  readonly connectPorts: readonly number[];
  readonly localSuffix: boolean;
  readonly headerRouting: boolean;
  readonly trustProxy: readonly string[];
  readonly forwarded: boolean;
  readonly user: string;
  readonly workers: number | 'auto';
  readonly drainTimeout: number;
  readonly logLevel: LogLevel;
  readonly accessLog: AccessLogFormat;
}

/** A route of the file; undefined `rewriteHost` leaves it to the setting. */
export type FileRoute = Omit<Route, 'rewriteHost'> & { readonly rewriteHost: boolean | undefined };

/** What the file gives: settings, and what only a file can say. */
export interface FileSettings {
  readonly settings: Partial<Settings>;
  readonly listen: readonly Listener[] | null;
  readonly routes: readonly FileRoute[] | null;
}

/** Settings that mean nothing without the forward proxy. */
export const FORWARD_SETTINGS = [
  'allow',
  'auth',
  'allowPrivate',
  'connectPorts',
  'localSuffix',
  'headerRouting',
] as const satisfies readonly (keyof Settings)[];
