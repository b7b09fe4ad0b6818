import { messageOf } from '../base/errors.ts';
import { readProcessStatus } from '../facts/process-status.ts';
import { passedDescriptors } from '../listen/passed.ts';
import { isSupervisorMessage, type WorkerReport } from './messages.ts';
import { describeProcess, ownUserName } from './origin.ts';
import { STOP_SIGNALS } from './stop-signals.ts';
import { Worker } from './worker.ts';

/** Entry of a worker process: started by the supervisor, obeys it alone, and does not outlive it. */

const descriptors = passedDescriptors(process.env, process.pid);
let worker: Worker | null = null;

// Ctrl-C reaches every process of the terminal; what it means is for the supervisor to say.
for (const signal of STOP_SIGNALS) process.on(signal, () => undefined);

process.on('disconnect', exitNow);
if (!process.connected) exitNow();

process.on('message', (message) => {
  if (!isSupervisorMessage(message)) return;
  if (message.type === 'drain') {
    void (worker?.drain(message.timeout) ?? Promise.resolve()).then(() => process.exit(0));
    return;
  }
  const runningAs = describeProcess(readProcessStatus('self'), ownUserName());
  try {
    worker = new Worker(message.options, runningAs);
  } catch (error) {
    fail(error);
    return;
  }
  worker.listen(descriptors).then(() => report({ type: 'ready', runningAs }), fail);
});

function report(message: WorkerReport): void {
  process.send?.(message);
}

function fail(error: unknown): void {
  process.send?.({ type: 'failed', why: messageOf(error) } satisfies WorkerReport, () => process.exit(1));
}

function exitNow(): void {
  worker?.flush();
  process.exit(1);
}
