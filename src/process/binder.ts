import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ListenAddress } from '../base/address.ts';
import { ExitCode, LowportError } from '../base/errors.ts';
import { createLogger } from '../base/log.ts';
import { readVersion } from '../base/version.ts';
import type { Config } from '../config/config.ts';
import { readProcessStatus } from '../facts/process-status.ts';
import { type BoundSockets, bindSockets } from '../listen/bind.ts';
import { startWithSockets } from '../listen/handover.ts';
import { environmentWithoutTls, workerEnvironment } from './child-environment.ts';
import { becomeUser, type Identity, requireReadable, resolveIdentity } from './identity.ts';
import { type BinderMessage, isSupervisorReport, type ServiceDescription } from './messages.ts';
import { describeBinding, listenerUrl, ownPorts } from './origin.ts';
import type { ServeHooks } from './serving-info.ts';
import { exitCodeOf, onStopSignals } from './stop-signals.ts';

const SUPERVISOR_PROGRAM = fileURLToPath(new URL('supervisor-main.js', import.meta.url));

/** Milliseconds that the supervisor has to end after a second signal. */
const KILL_AFTER_STOP = 1_000;

/**
 * Opens the sockets, gives them to a supervisor that has no privilege, drops its own, and from then on only passes on
 * signals one way and the exit code the other. It never accepts: its copies are closed before the event loop turns.
 * @throws LowportError where it cannot bind, cannot become the user, or the service does not start.
 */
export async function runBinder(config: Config, hooks: ServeHooks): Promise<number> {
  const identity = await resolveIdentity(config.user, process.env);
  const version = readVersion();
  const before = readProcessStatus('self');
  const bound = await bindSockets(config.listen, { owner: identity, explain: explainFor(config.user) });
  // No await from here to release(): see bindSockets.
  const supervisor = handOver(bound, identity);
  const addresses = bound.sockets.map(({ address }) => address);
  const service: ServiceDescription = {
    config,
    version,
    socket: describeBinding(addresses, before, readProcessStatus('self')),
    listeners: addresses.map(listenerUrl),
    ownPorts: ownPorts(addresses),
    socketFiles: bound.sockets.flatMap(({ file }) => (file === null ? [] : [file])),
    workerEnv: workerEnvironment(config),
  };
  send(supervisor, { type: 'start', service });
  return watch(supervisor, service, hooks);
}

/** The explanation is loaded where it is needed: a start that succeeds has nothing to explain. */
function explainFor(user: string | null): (error: unknown, address: ListenAddress) => Promise<LowportError> {
  return async (error, address) => {
    const { explainBindFailure } = await import('../permission/bind-failure.ts');
    return explainBindFailure(error, address, user === null ? {} : { user });
  };
}

function handOver(bound: BoundSockets, identity: Identity | null): ChildProcess {
  try {
    if (identity !== null) becomeUser(identity);
    requireReadable(identity, SUPERVISOR_PROGRAM);
    const child = startWithSockets({
      program: process.execPath,
      args: [SUPERVISOR_PROGRAM],
      sockets: bound.sockets,
      env: environmentWithoutTls(),
      held: readProcessStatus('self'),
      // Away from the terminal: Ctrl-C comes to the binder alone, which passes it on once.
      detached: true,
    });
    bound.release();
    return child;
  } catch (error) {
    bound.close();
    throw error;
  }
}

function watch(supervisor: ChildProcess, service: ServiceDescription, hooks: ServeHooks): Promise<number> {
  let serving = false;
  let failure: string | null = null;
  let forcedExit: number | null = null;
  const removeSignals = onStopSignals({
    first: () => send(supervisor, { type: 'drain' }),
    second: (signal) => {
      forcedExit = exitCodeOf(signal);
      send(supervisor, { type: 'stop', exitCode: forcedExit });
      setTimeout(() => supervisor.kill('SIGKILL'), KILL_AFTER_STOP).unref();
    },
  });
  supervisor.on('message', (message) => {
    if (!isSupervisorReport(message)) return;
    if (message.type === 'failed') {
      failure = message.why;
      return;
    }
    serving = true;
    const { version, listeners, socket } = service;
    const { runningAs, workers } = message;
    hooks.onReady({ version, listeners, socket, runningAs, workers, pid: process.pid });
  });
  return new Promise((resolve, reject) => {
    const ended = (why: string, exitCode: number): void => {
      removeSignals();
      if (forcedExit !== null) resolve(forcedExit);
      else if (failure !== null || (!serving && exitCode !== ExitCode.done)) reject(doesNotStart(failure ?? why));
      else {
        if (exitCode !== ExitCode.done) createLogger({ level: service.config.logLevel, role: 'binder' }).error(why);
        resolve(exitCode);
      }
    };
    supervisor.once('error', (error) => ended(error.message, ExitCode.failed));
    supervisor.once('exit', (code, signal) =>
      ended(`the supervisor ended with ${signal ?? `exit code ${code}`}`, code ?? ExitCode.failed),
    );
  });
}

function send(supervisor: ChildProcess, message: BinderMessage): void {
  // A failure to send means that the supervisor is gone: `exit` tells.
  if (supervisor.connected) supervisor.send(message, () => undefined);
}

function doesNotStart(why: string): LowportError {
  return new LowportError('the service does not start', { code: 'SYSTEM', source: 'system', why: [why] });
}
