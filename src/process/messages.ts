import type { LogLevel } from '../base/log.ts';
import type { AccessLogFormat, Config } from '../config/config.ts';
import type { SocketFile } from '../listen/unix-path.ts';
import type { ProxyOptions } from '../proxy/options.ts';

/** What a supervisor needs to know besides the descriptors. */
export interface ServiceDescription {
  readonly config: Config;
  readonly version: string;
  readonly socket: string;
  readonly listeners: readonly string[];
  readonly ownPorts: readonly number[];
  readonly socketFiles: readonly SocketFile[];
  /** Environment of the workers beyond the supervisor's own. */
  readonly workerEnv: Readonly<Record<string, string>>;
}

export interface WorkerOptions {
  /** `about.runningAs` is left empty: the worker looks at itself. */
  readonly proxy: ProxyOptions;
  readonly accessLog: AccessLogFormat;
  readonly logLevel: LogLevel;
}

export type BinderMessage =
  | { readonly type: 'start'; readonly service: ServiceDescription }
  | { readonly type: 'drain' }
  | { readonly type: 'stop'; readonly exitCode: number };

export type SupervisorReport =
  | { readonly type: 'serving'; readonly runningAs: string; readonly workers: number }
  | { readonly type: 'failed'; readonly why: string };

export type SupervisorMessage =
  | { readonly type: 'start'; readonly options: WorkerOptions }
  | { readonly type: 'drain'; readonly timeout: number };

export type WorkerReport =
  | { readonly type: 'ready'; readonly runningAs: string }
  | { readonly type: 'failed'; readonly why: string };

type Message = BinderMessage | SupervisorReport | SupervisorMessage | WorkerReport;

/*
 * The other end of each channel is this same program at this same version, and nobody else can reach it (a socket pair),
 * so the type alone is looked at.
 */
const guard =
  <M extends Message>(...types: readonly M['type'][]) =>
  (value: unknown): value is M =>
    typeof value === 'object' && value !== null && 'type' in value && types.some((type) => type === value.type);

export const isBinderMessage = guard<BinderMessage>('start', 'drain', 'stop');
export const isSupervisorReport = guard<SupervisorReport>('serving', 'failed');
export const isSupervisorMessage = guard<SupervisorMessage>('start', 'drain');
export const isWorkerReport = guard<WorkerReport>('ready', 'failed');
