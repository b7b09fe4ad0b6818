import { constants } from 'node:os';

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** SIGHUP is here because it is what a terminal sends when it is closed. */
export const STOP_SIGNALS: readonly StopSignal[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * One press of Ctrl-C or one timeout(1) may arrive twice: at the process group and passed on by a wrapper such as npm.
 * Milliseconds; nobody presses faster.
 */
const SAME_SIGNAL_WINDOW = 100;

export interface StopHandlers {
  /** Asked to end well. */
  readonly first: (signal: StopSignal) => void;
  /** Asked again: end at once. */
  readonly second: (signal: StopSignal) => void;
}

/** Calls `first`, then `second`, for what users and service managers send. Returns what takes the handlers off again. */
export function onStopSignals(handlers: StopHandlers): () => void {
  let firstAt: number | null = null;
  const handle = (signal: StopSignal): void => {
    if (firstAt === null) {
      firstAt = performance.now();
      handlers.first(signal);
    } else if (performance.now() - firstAt > SAME_SIGNAL_WINDOW) {
      handlers.second(signal);
    }
  };
  for (const signal of STOP_SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, handle);
  };
}

/** What a shell reports for a program that a signal ended. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}
