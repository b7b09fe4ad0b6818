import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type HeldPrivileges, startWithSockets } from '../listen/handover.ts';
import type { PassedDescriptor } from '../listen/passed.ts';
import { environmentWithoutTls } from './child-environment.ts';
import { isWorkerReport, type SupervisorMessage, type WorkerOptions } from './messages.ts';

export const WORKER_PROGRAM = fileURLToPath(new URL('worker-main.js', import.meta.url));

export interface WorkerEvents {
  ready(runningAs: string): void;
  /** The worker itself says that it cannot serve; it ends next. */
  failed(why: string): void;
  /** `why` is `exit code 1`, `SIGKILL` …; `lived` in milliseconds. */
  ended(why: string, lived: number): void;
}

export interface WorkerStart {
  readonly sockets: readonly PassedDescriptor[];
  readonly options: WorkerOptions;
  /** Environment beyond the supervisor's own. */
  readonly env: Readonly<Record<string, string>>;
  /** What the supervisor has, and the worker shall not. */
  readonly held: HeldPrivileges;
}

/** One worker process, as the supervisor sees it. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #startedAt = performance.now();
  #ended = false;

  constructor(start: WorkerStart, events: WorkerEvents) {
    this.#child = startWithSockets({
      program: process.execPath,
      args: [WORKER_PROGRAM],
      sockets: start.sockets,
      env: { ...environmentWithoutTls(), ...start.env },
      held: start.held,
      detached: false,
    });
    this.#child.on('message', (message) => {
      if (!isWorkerReport(message)) return;
      if (message.type === 'ready') events.ready(message.runningAs);
      else events.failed(message.why);
    });
    const ended = (why: string): void => {
      if (this.#ended) return;
      this.#ended = true;
      events.ended(why, performance.now() - this.#startedAt);
    };
    this.#child.once('exit', (code, signal) => ended(signal ?? `exit code ${code}`));
    this.#child.on('error', (error) => {
      // Without a pid it never started; otherwise a message or a signal came too late, and `exit` follows.
      if (this.#child.pid === undefined) ended(error.message);
    });
    this.#send({ type: 'start', options: start.options });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  drain(timeout: number): void {
    this.#send({ type: 'drain', timeout });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #send(message: SupervisorMessage): void {
    // A failure to send means that the worker is gone: `exit` tells.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }
}
