import { closeSync } from 'node:fs';
import { ExitCode, LowportError } from '../base/errors.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { newViaName } from '../base/via-name.ts';
import { readProcessStatus } from '../facts/process-status.ts';
import type { PassedDescriptor } from '../listen/passed.ts';
import { removeSocketFile } from '../listen/unix-path.ts';
import type { Limits } from '../proxy/options.ts';
import { BackOff } from './back-off.ts';
import type { ServiceDescription, WorkerOptions } from './messages.ts';
import { WorkerProcess, type WorkerStart } from './worker-process.ts';

/** Workers that die in a row before one was ever ready: then it is not bad luck, and the service does not start. */
const MAX_FAILED_STARTS = 5;
/** Milliseconds that a worker has beyond the drain timeout to end by itself. */
const KILL_AFTER_DRAIN = 1_000;

type Phase = 'starting' | 'serving' | 'draining' | 'stopping' | 'ended';

interface Slot {
  readonly backOff: BackOff;
  worker: WorkerProcess | null;
  ready: boolean;
  restart: NodeJS.Timeout | null;
}

/**
 * Holds the listening sockets, on which it never accepts, and keeps workers running on them: so a worker may die, and
 * no connection is refused meanwhile.
 */
export class Supervisor {
  readonly #service: ServiceDescription;
  readonly #sockets: readonly PassedDescriptor[];
  readonly #workerStart: WorkerStart;
  readonly #logger: Logger;
  readonly #onServing: (runningAs: string, workers: number) => void;
  readonly #slots: readonly Slot[];
  readonly #finished: Promise<number>;
  #phase: Phase = 'starting';
  #failedStarts = 0;
  #exitCode: number = ExitCode.done;
  #killTimer: NodeJS.Timeout | null = null;
  #resolve: (exitCode: number) => void = () => undefined;
  #reject: (error: LowportError) => void = () => undefined;

  constructor(
    service: ServiceDescription,
    sockets: readonly PassedDescriptor[],
    onServing: (runningAs: string, workers: number) => void,
  ) {
    this.#service = service;
    this.#sockets = sockets;
    this.#onServing = onServing;
    this.#workerStart = {
      sockets,
      options: workerOptions(service),
      env: service.workerEnv,
      held: readProcessStatus('self'),
    };
    this.#logger = createLogger({ level: service.config.logLevel, role: 'supervisor' });
    this.#slots = Array.from({ length: service.config.workers }, () => ({
      backOff: new BackOff(),
      worker: null,
      ready: false,
      restart: null,
    }));
    this.#finished = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /**
   * Serves until `drain` or `stop`; resolves with the exit code when the last worker has ended.
   * @throws LowportError SYSTEM where the workers cannot start.
   */
  run(): Promise<number> {
    for (const slot of this.#slots) this.#start(slot);
    return this.#finished;
  }

  /** Stops accepting, lets the exchanges in flight finish, then ends with 0. */
  drain(): void {
    if (this.#phase !== 'starting' && this.#phase !== 'serving') return;
    this.#phase = 'draining';
    const { drainTimeout } = this.#service.config;
    for (const slot of this.#slots) {
      cancelRestart(slot);
      slot.worker?.drain(drainTimeout);
    }
    this.#closeSockets();
    this.#killTimer = setTimeout(() => this.#killAll(), drainTimeout + KILL_AFTER_DRAIN);
    this.#endIfEmpty();
  }

  /** Ends at once with `exitCode`. */
  stop(exitCode: number): void {
    if (this.#phase === 'ended') return;
    if (this.#phase === 'starting' || this.#phase === 'serving') this.#closeSockets();
    this.#phase = 'stopping';
    this.#exitCode = exitCode;
    for (const slot of this.#slots) cancelRestart(slot);
    this.#killAll();
    this.#endIfEmpty();
  }

  #start(slot: Slot): void {
    slot.restart = null;
    try {
      slot.worker = new WorkerProcess(this.#workerStart, {
        ready: (runningAs) => this.#workerReady(slot, runningAs),
        failed: (why) => this.#workerFailed(why),
        ended: (why, lived) => this.#workerEnded(slot, why, lived),
      });
    } catch (error) {
      // fork(2) failed (EAGAIN, ENOMEM): as good as a worker that died at once.
      this.#workerEnded(slot, error instanceof LowportError ? error.why.join(', ') : String(error), 0);
    }
  }

  #workerReady(slot: Slot, runningAs: string): void {
    slot.ready = true;
    this.#failedStarts = 0;
    this.#logger.debug('worker ready', { worker: slot.worker?.pid ?? 0 });
    if (this.#phase !== 'starting' || this.#slots.some(({ ready }) => !ready)) return;
    this.#phase = 'serving';
    this.#onServing(runningAs, this.#slots.length);
  }

  #workerFailed(why: string): void {
    this.#logger.error('worker cannot serve', { reason: why });
    if (this.#phase === 'starting') this.#giveUp(why);
  }

  #workerEnded(slot: Slot, why: string, lived: number): void {
    const pid = slot.worker?.pid ?? 0;
    const wasReady = slot.ready;
    slot.worker = null;
    slot.ready = false;
    if (this.#phase !== 'starting' && this.#phase !== 'serving') {
      this.#endIfEmpty();
      return;
    }
    if (!wasReady) this.#failedStarts++;
    if (this.#phase === 'starting' && this.#failedStarts >= MAX_FAILED_STARTS) {
      this.#giveUp(`${this.#failedStarts} in a row ended before they were ready, the last with ${why}`);
      return;
    }
    const delay = slot.backOff.next(lived);
    this.#logger.warn('worker ended and is replaced', { worker: pid, reason: why, after: delay });
    slot.restart = setTimeout(() => this.#start(slot), delay);
  }

  #giveUp(why: string): void {
    this.#reject(
      new LowportError('the workers do not start', {
        code: 'SYSTEM',
        source: 'system',
        why: [why],
        fixes: [{ command: '--log-level debug', effect: 'shows more' }],
      }),
    );
    this.stop(ExitCode.failed);
  }

  #killAll(): void {
    for (const { worker } of this.#slots) worker?.kill();
  }

  /** From here on the port is free; connections that no worker took are reset. */
  #closeSockets(): void {
    for (const { fd } of this.#sockets) closeSync(fd);
    for (const file of this.#service.socketFiles) removeSocketFile(file);
  }

  #endIfEmpty(): void {
    if (this.#phase === 'ended' || this.#slots.some(({ worker }) => worker !== null)) return;
    this.#phase = 'ended';
    if (this.#killTimer !== null) clearTimeout(this.#killTimer);
    this.#resolve(this.#exitCode);
  }
}

function cancelRestart(slot: Slot): void {
  if (slot.restart !== null) clearTimeout(slot.restart);
  slot.restart = null;
}

function workerOptions(service: ServiceDescription): WorkerOptions {
  const { config } = service;
  const { limits } = config.proxy;
  return {
    accessLog: config.accessLog,
    logLevel: config.logLevel,
    proxy: {
      ...config.proxy,
      limits: { ...limits, maxConnections: perWorker(limits, config.workers) },
      about: { version: service.version, socket: service.socket, runningAs: '' },
      // One name for all workers: a request that comes back may reach another one.
      viaName: newViaName(),
      ownPorts: service.ownPorts,
    },
  };
}

/** The limit is for the whole service; 0 is none. */
function perWorker(limits: Limits, workers: number): number {
  return Math.ceil(limits.maxConnections / workers);
}
