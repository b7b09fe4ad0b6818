import { ExitCode, LowportError, messageOf } from '../base/errors.ts';
import { passedDescriptors } from '../listen/passed.ts';
import { isBinderMessage, type ServiceDescription, type SupervisorReport } from './messages.ts';
import { STOP_SIGNALS } from './stop-signals.ts';
import { Supervisor } from './supervisor.ts';

/** Entry of the supervisor process under a binder: started with the sockets, told the rest over IPC. */

const sockets = passedDescriptors(process.env, process.pid);
let supervisor: Supervisor | null = null;

// A service manager may signal every process at once, so a signal here never counts as the second one: the binder counts.
for (const signal of STOP_SIGNALS) process.on(signal, () => supervisor?.drain());

process.on('disconnect', binderIsGone);
if (!process.connected) binderIsGone();

process.on('message', (message) => {
  if (!isBinderMessage(message)) return;
  if (message.type === 'start') run(message.service);
  else if (message.type === 'drain') supervisor?.drain();
  else supervisor?.stop(message.exitCode);
});

function run(service: ServiceDescription): void {
  supervisor = new Supervisor(service, sockets, (runningAs, workers) => {
    process.send?.({ type: 'serving', runningAs, workers } satisfies SupervisorReport);
  });
  supervisor.run().then((exitCode) => process.exit(exitCode), fail);
}

function fail(error: unknown): void {
  const why = error instanceof LowportError ? error.why.join('; ') : messageOf(error);
  process.send?.({ type: 'failed', why } satisfies SupervisorReport, () => process.exit(ExitCode.failed));
}

/** The binder was killed: nobody waits for this service any more. */
function binderIsGone(): void {
  supervisor?.stop(ExitCode.failed);
  if (supervisor === null) process.exit(ExitCode.failed);
}
