import type { ListenAddress } from '../base/address.ts';
import type { LogLevel } from '../base/log.ts';
import type { ProxyOptions } from '../proxy/options.ts';

export const ACCESS_LOG_FORMATS = ['off', 'json', 'combined'] as const;
export type AccessLogFormat = (typeof ACCESS_LOG_FORMATS)[number];

/** A socket to serve on; `name` is the `LISTEN_FDNAMES` name an inherited socket is matched by. */
export interface Listener {
  readonly address: ListenAddress;
  readonly name: string | null;
}

/** Everything that `lowport` serves by, after flags, environment, file and defaults were merged and checked. */
export interface Config {
  readonly listen: readonly Listener[];
  /** What to become after binding as root; null: `$SUDO_UID`, else `nobody`. */
  readonly user: string | null;
  readonly workers: number;
  /** Milliseconds that exchanges in flight have to finish after SIGTERM. */
  readonly drainTimeout: number;
  readonly logLevel: LogLevel;
  readonly accessLog: AccessLogFormat;
  readonly proxy: Omit<ProxyOptions, 'about' | 'viaName' | 'ownPorts'>;
}
