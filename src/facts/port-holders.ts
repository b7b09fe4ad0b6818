import { basename } from 'node:path';
import { formatHostPort } from '../base/address.ts';
import { escapeControls } from '../base/escape.ts';
import type { InetSocket } from '../base/socket-table.ts';
import type { System } from '../system/system.ts';
import { type ServiceUnit, serviceOf } from './service-unit.ts';
import { userName } from './users.ts';

interface HolderProcess {
  readonly pid: number;
  readonly name: string;
  readonly service: ServiceUnit | null;
}

/** A listening TCP socket and what can be seen of its owner from here. */
export interface PortHolder {
  readonly address: string;
  readonly port: number;
  readonly uid: number;
  /** The name of `uid`; null if it has none here. */
  readonly user: string | null;
  /** null: no process that this one may look into holds it (another user's, or another PID namespace's). */
  readonly process: HolderProcess | null;
  /** The systemd socket unit that listens there, if systemd says so. */
  readonly socketUnit: string | null;
}

const MAX_NAME_LENGTH = 64;

/** Shown for a uid that has no number in this user namespace: the default of /proc/sys/kernel/overflowuid. */
const OVERFLOW_UID = 65_534;

/**
 * Who listens. The process comes from /proc/PID/fd, which shows other users' only to root (ptrace(2), access mode
 * PTRACE_MODE_READ_FSCREDS).
 */
export function describeHolders(
  system: System,
  listeners: readonly InetSocket[],
  initialUserNamespace: boolean,
): readonly PortHolder[] {
  const owners = findSocketOwners(system, new Set(listeners.map((socket) => socket.inode)));
  const holders = listeners.map((socket): PortHolder => {
    const pid = owners.get(socket.inode);
    return {
      address: socket.address,
      port: socket.port,
      uid: socket.uid,
      user: initialUserNamespace || socket.uid !== OVERFLOW_UID ? userName(system, socket.uid) : null,
      process: pid === undefined ? null : describeProcess(system, pid),
      socketUnit: null,
    };
  });
  return holders.some(mayBeSystemds) ? withSocketUnits(system, holders) : holders;
}

/** The lowest pid that holds each socket: of a family that shares it, the parent; of systemd and its service, systemd. */
function findSocketOwners(system: System, inodes: ReadonlySet<number>): ReadonlyMap<number, number> {
  const owners = new Map<number, number>();
  const entries = system.listDirectory('/proc');
  if (inodes.size === 0 || !entries.ok) return owners;
  for (const entry of entries.value) {
    if (!/^\d{1,10}$/.test(entry)) continue;
    const descriptors = system.listDirectory(`/proc/${entry}/fd`);
    if (!descriptors.ok) continue;
    const pid = Number(entry);
    for (const descriptor of descriptors.value) {
      const target = system.readLink(`/proc/${entry}/fd/${descriptor}`);
      const inode = target.ok ? Number(/^socket:\[(\d+)\]$/.exec(target.value)?.[1]) : Number.NaN;
      if (inodes.has(inode) && pid < (owners.get(inode) ?? Number.POSITIVE_INFINITY)) owners.set(inode, pid);
    }
  }
  return owners;
}

function describeProcess(system: System, pid: number): HolderProcess {
  return { pid, name: processName(system, pid), service: serviceOf(system, pid) };
}

/** Newer releases of Node name their main thread so, and comm is the main thread's name. */
const THREAD_NAME = /MainThread$/;

function processName(system: System, pid: number): string {
  const comm = system.readText(`/proc/${pid}/comm`);
  const name = comm.ok ? comm.value.trimEnd() : '';
  if (name !== '' && !THREAD_NAME.test(name)) return displayName(name);
  const commandLine = system.readText(`/proc/${pid}/cmdline`);
  const program = commandLine.ok ? basename(commandLine.value.split('\0', 1)[0] ?? '') : '';
  return displayName(program || name || 'a process');
}

/** A process chooses its name: shown without control characters, and not at any length. */
function displayName(name: string): string {
  return escapeControls(name.slice(0, MAX_NAME_LENGTH));
}

/** systemd opens the sockets of its units as root; a service that it passed them to may be all that is visible. */
function mayBeSystemds(holder: PortHolder): boolean {
  return holder.uid === 0;
}

/** Asks systemd, where it runs (sd_booted(3)). Not being told leaves the units unnamed. */
function withSocketUnits(system: System, holders: readonly PortHolder[]): readonly PortHolder[] {
  if (!system.stat('/run/systemd/system').ok) return holders;
  const listed = system.exec(['systemctl', 'list-sockets', '--state=active', '--no-legend', '--no-pager'], {
    timeoutMs: 1_000,
  });
  if (!listed.ok || listed.value.status !== 0) return holders;
  const units = parseSocketUnits(listed.value.stdout);
  return holders.map((holder) => {
    const socketUnit = units.get(formatHostPort(holder.address, holder.port)) ?? null;
    return mayBeSystemds(holder) ? { ...holder, socketUnit } : holder;
  });
}

/** `systemctl list-sockets`: LISTEN UNIT ACTIVATES, in columns. Returns the unit by `address:port`. */
function parseSocketUnits(text: string): ReadonlyMap<string, string> {
  const units = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [listen, unit] = line.trim().split(/\s+/);
    if (listen !== undefined && unit !== undefined && /^[A-Za-z0-9][A-Za-z0-9:_.@-]{0,200}\.socket$/.test(unit)) {
      units.set(listen, unit);
    }
  }
  return units;
}
