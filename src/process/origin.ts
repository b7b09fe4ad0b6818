import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { formatListenAddress, type ListenAddress } from '../base/address.ts';
import { escapeControls } from '../base/escape.ts';
import type { ProcessStatus } from '../facts/process-status.ts';
import type { InheritedSocket } from '../listen/inherit.ts';

/** How the sockets came about and as whom the service runs: the sentences of the banner and the welcome page. */

/** Port 80 is left out, as browsers do. */
const HTTP_PORT = 80;

/** `http://192.168.2.7`, `http://*:8080`, `unix:/run/x.sock`. */
export function listenerUrl(address: ListenAddress | null): string {
  if (address === null) return 'an inherited socket';
  const text = formatListenAddress(address);
  if (address.kind === 'unix') return escapeControls(text);
  return `http://${address.port === HTTP_PORT ? text.slice(0, text.lastIndexOf(':')) : text}`;
}

export function ownPorts(addresses: readonly (ListenAddress | null)[]): readonly number[] {
  return addresses.flatMap((address) => (address?.kind === 'tcp' ? [address.port] : []));
}

/** `before`: this process when it bound; `after`: the same when it had given up what it could. */
export function describeBinding(
  addresses: readonly ListenAddress[],
  before: ProcessStatus,
  after: ProcessStatus,
): string {
  if (before.uids[1] === 0) return 'bound as root, then dropped';
  const ports = ownPorts(addresses);
  const first = unprivilegedPortStart();
  if (ports.some((port) => port < first) && before.capabilities.effective !== 0n) {
    return after.capabilities.permitted === 0n
      ? 'bound with CAP_NET_BIND_SERVICE, then dropped'
      : 'bound with CAP_NET_BIND_SERVICE, which only the idle binder keeps';
  }
  const what = ports.length === 0 ? 'unix socket' : `port ${ports.join(', ')}`;
  return `no privilege needed (${what})`;
}

/** `SYSTEMD_EXEC_PID` names the process that systemd itself started (systemd.exec(5)). */
export function describeInheritance(sockets: readonly InheritedSocket[], systemdPid: string | undefined): string {
  const names = [...new Set(sockets.map(({ name }) => `'${escapeControls(name)}'`))].join(', ');
  return systemdPid === String(process.pid) ? `passed by systemd as ${names}` : `passed as ${names} (LISTEN_FDS)`;
}

export function describeProcess(status: ProcessStatus, name: string | null): string {
  const uid = status.uids[1];
  const { permitted, effective, ambient } = status.capabilities;
  const held = permitted | effective | ambient;
  const capabilities = held === 0n ? 'no capabilities' : `capabilities 0x${held.toString(16)}`;
  return `${name === null ? `uid ${uid}` : `${name} (uid ${uid})`}, ${capabilities}`;
}

/** The name of the user this process runs as, or null where no user has its uid. */
export function ownUserName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}

/** The first port that anybody may bind in this network namespace (ip-sysctl: ip_unprivileged_port_start). */
function unprivilegedPortStart(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  } catch {
    // Before Linux 4.11 it was this constant, PROT_SOCK.
    return 1024;
  }
}
