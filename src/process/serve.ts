import { createLogger } from '../base/log.ts';
import { readVersion } from '../base/version.ts';
import type { Config } from '../config/config.ts';
import { DEFAULT_PORT } from '../config/defaults.ts';
import { type InheritedSocket, listenFds } from '../listen/inherit.ts';
import { describeSocket, matchSockets } from '../listen/match.ts';
import { runBinder } from './binder.ts';
import { workerEnvironment } from './child-environment.ts';
import { becomeUser, requireReadable, resolveIdentity } from './identity.ts';
import { describeInheritance, listenerUrl, ownPorts } from './origin.ts';
import type { ServeHooks } from './serving-info.ts';
import { exitCodeOf, onStopSignals } from './stop-signals.ts';
import { Supervisor } from './supervisor.ts';
import { WORKER_PROGRAM } from './worker-process.ts';

/**
 * Serves until a signal ends it; resolves with the exit code. Sockets that were passed to this process are used, and it
 * is the supervisor itself; else it binds them and starts one.
 * @throws LowportError where it cannot get the sockets, cannot become the user, or the service does not start.
 */
export async function serve(config: Config, hooks: ServeHooks): Promise<number> {
  warnOfSocketsForAnother(config);
  const inherited = listenFds();
  if (inherited.length > 0) return superviseHere(config, inherited, hooks);
  return runBinder(config, hooks);
}

async function superviseHere(
  config: Config,
  inherited: readonly InheritedSocket[],
  hooks: ServeHooks,
): Promise<number> {
  const systemdPid = process.env.SYSTEMD_EXEC_PID;
  const { used, unused } = matchSockets(isDefault(config) ? [] : config.listen, inherited);
  const version = readVersion();
  const identity = await resolveIdentity(config.user, process.env);
  if (identity !== null) becomeUser(identity);
  requireReadable(identity, WORKER_PROGRAM);
  for (const socket of unused) {
    createLogger({ level: config.logLevel, role: 'supervisor' }).warn('inherited socket is not used', {
      socket: describeSocket(socket),
    });
  }
  const addresses = used.map(({ address }) => address);
  const listeners = addresses.map(listenerUrl);
  const socket = describeInheritance(used, systemdPid);
  const supervisor = new Supervisor(
    {
      config,
      version,
      socket,
      listeners,
      ownPorts: ownPorts(addresses),
      socketFiles: [],
      workerEnv: workerEnvironment(config),
    },
    used,
    (runningAs, workers) => hooks.onReady({ version, listeners, socket, runningAs, workers, pid: process.pid }),
  );
  const removeSignals = onStopSignals({
    first: () => supervisor.drain(),
    second: (signal) => supervisor.stop(exitCodeOf(signal)),
  });
  try {
    return await supervisor.run();
  } finally {
    removeSignals();
  }
}

/** Port 80 on every address is what nobody asked for: then whatever was passed is meant. */
function isDefault({ listen }: Config): boolean {
  const [first, ...others] = listen;
  if (first === undefined || others.length > 0 || first.name !== null) return false;
  const { address } = first;
  return address.kind === 'tcp' && address.host === null && address.port === DEFAULT_PORT;
}

/** A shell or npm in between takes the process id that the sockets were meant for: say so, before the bind fails. */
function warnOfSocketsForAnother(config: Config): void {
  const { LISTEN_FDS: count, LISTEN_PID: owner } = process.env;
  if (count === undefined || owner === undefined || owner === String(process.pid)) return;
  createLogger({ level: config.logLevel, role: 'binder' }).warn(
    'sockets were passed to another process and are ignored: start lowport directly, or with exec',
    { LISTEN_PID: owner, ownPid: process.pid },
  );
}
