import { dirname } from 'node:path';
import type { TcpListenAddress, UnixListenAddress } from '../base/address.ts';
import { messageOf } from '../base/errors.ts';
import { type InetSocket, parseSocketTable } from '../base/socket-table.ts';
import type { FileInfo, InterfaceAddress, Result, System } from '../system/system.ts';
import { type Fact, known, unknown } from './fact.ts';
import { describeHolders, type PortHolder } from './port-holders.ts';
import { type ProcessStatus, readProcessStatus } from './process-status.ts';
import { findProgram, isInSystemDirectories } from './programs.ts';
import { type ServiceUnit, serviceOf } from './service-unit.ts';
import { userName } from './users.ts';

const PORT_START_FILE = '/proc/sys/net/ipv4/ip_unprivileged_port_start';

/** The process that wants to bind: this one. */
export interface BindSubject {
  readonly status: Fact<ProcessStatus>;
  /** The name of the effective uid; null if it has none. */
  readonly user: string | null;
  readonly initialUserNamespace: Fact<boolean>;
  /** The systemd service it runs in. */
  readonly service: ServiceUnit | null;
}

/** What the way out may be made of. */
export interface BindTools {
  readonly sudo: boolean;
  readonly ss: boolean;
  /** systemd-run is there, and systemd is the init of this machine. */
  readonly systemdRun: boolean;
  /** The file that the typed command starts; null if PATH does not have it. */
  readonly program: string | null;
  /** Programs that do not get the user's PATH (sudo, systemd) find the command, and Node for it. */
  readonly inSystemDirectories: boolean;
}

/** Who uses a port, and one nearby that nobody does. */
export interface PortUse {
  readonly listeners: readonly PortHolder[];
  /** Sockets with this local port that do not listen: connections, and what is left of them (TIME_WAIT). */
  readonly connections: number;
  /** A port that is free and needs no privilege; null if none was found. */
  readonly alternative: number | null;
}

export interface TcpBindFacts {
  readonly subject: BindSubject;
  readonly tools: BindTools;
  /** Ports below this need the capability (ip-sysctl.rst, ip_unprivileged_port_start). Differs per network namespace. */
  readonly unprivilegedPortStart: Fact<number>;
  /** The network belongs to another user namespace than this process's, so its capabilities do not count in it. */
  readonly foreignNetwork: Fact<boolean>;
  readonly localAddresses: Fact<readonly InterfaceAddress[]>;
  readonly portUse: Fact<PortUse>;
  /** authbind's library answers bind() in the kernel's place. */
  readonly authbind: boolean;
}

export interface UnixBindFacts {
  readonly subject: BindSubject;
  readonly tools: BindTools;
  readonly directory: Result<FileInfo>;
  readonly existing: Result<FileInfo>;
  /** `$XDG_RUNTIME_DIR`, where a user may make sockets. */
  readonly runtimeDirectory: string | null;
}

/** Looks at this machine from this process. `program` is the first word of what the user typed. */
export function gatherTcpFacts(system: System, address: TcpListenAddress, program: string): TcpBindFacts {
  const subject = gatherSubject(system);
  const start = portStart(system);
  return {
    subject,
    tools: gatherTools(system, program),
    unprivilegedPortStart: start,
    foreignNetwork: foreignNetwork(system, subject.initialUserNamespace),
    localAddresses: fromResult(system.interfaceAddresses(), "this machine's addresses"),
    portUse: portUse(system, address.port, start, subject),
    authbind: system.env.AUTHBIND_LIB !== undefined,
  };
}

export function gatherUnixFacts(system: System, address: UnixListenAddress, program: string): UnixBindFacts {
  return {
    subject: gatherSubject(system),
    tools: gatherTools(system, program),
    directory: system.stat(dirname(address.path)),
    existing: system.stat(address.path),
    runtimeDirectory: system.env.XDG_RUNTIME_DIR ?? null,
  };
}

function gatherSubject(system: System): BindSubject {
  const status = ownStatus(system);
  return {
    status,
    user: status.known ? userName(system, status.value.uids[1]) : null,
    initialUserNamespace: initialUserNamespace(system),
    service: serviceOf(system, 'self'),
  };
}

function ownStatus(system: System): Fact<ProcessStatus> {
  try {
    return known(readProcessStatus('self', system));
  } catch (error) {
    return unknown(messageOf(error));
  }
}

/** user_namespaces(7): only the initial one maps every id to itself. */
function initialUserNamespace(system: System): Fact<boolean> {
  const map = system.readText('/proc/self/uid_map');
  return map.ok ? known(/^\s*0\s+0\s+4294967295\s*$/.test(map.value)) : unknown(`/proc/self/uid_map: ${map.errno}`);
}

/**
 * The files under /proc/sys/net belong to the root of the user namespace that owns the network namespace (the kernel's
 * net_ctl_set_ownership). If that is not root here, the owner is another one. The reverse is not certain: the root of
 * an outer namespace may be this one's root too.
 */
function foreignNetwork(system: System, initial: Fact<boolean>): Fact<boolean> {
  // Capabilities of the initial namespace count in every other (user_namespaces(7)).
  if (initial.known && initial.value) return known(false);
  const file = system.stat(PORT_START_FILE);
  if (!file.ok) return unknown(`${PORT_START_FILE}: ${file.errno}`);
  return file.value.uid === 0 ? unknown('its owner is root here and perhaps outside too') : known(true);
}

function portStart(system: System): Fact<number> {
  const text = system.readText(PORT_START_FILE);
  if (!text.ok) return unknown(`${PORT_START_FILE}: ${text.errno}`);
  return /^\d{1,5}\s*$/.test(text.value) ? known(Number(text.value)) : unknown(`${PORT_START_FILE} is not a number`);
}

function portUse(system: System, port: number, start: Fact<number>, subject: BindSubject): Fact<PortUse> {
  const sockets = readInetSockets(system);
  if (!sockets.known) return sockets;
  const here = sockets.value.filter((socket) => socket.port === port);
  const listening = here.filter((socket) => socket.listening);
  const initial = subject.initialUserNamespace;
  return known({
    listeners: describeHolders(system, listening, initial.known && initial.value),
    connections: here.length - listening.length,
    alternative: alternativePort(port, start, new Set(sockets.value.map((socket) => socket.port))),
  });
}

function readInetSockets(system: System): Fact<readonly InetSocket[]> {
  const ipv4 = system.readText('/proc/net/tcp');
  if (!ipv4.ok) return unknown(`/proc/net/tcp: ${ipv4.errno}`);
  const ipv6 = system.readText('/proc/net/tcp6');
  // A kernel without IPv6 has no such file.
  if (!ipv6.ok && ipv6.errno !== 'ENOENT') return unknown(`/proc/net/tcp6: ${ipv6.errno}`);
  return known([...parseSocketTable(ipv4.value), ...(ipv6.ok ? parseSocketTable(ipv6.value) : [])]);
}

/** How far from the customary alternative to look for a free port. */
const ALTERNATIVES = 100;

function alternativePort(port: number, start: Fact<number>, used: ReadonlySet<number>): number | null {
  if (!start.known) return null;
  const customary = port === 443 ? 8443 : port < 1000 ? 8000 + port : port + 1;
  const first = Math.max(customary, start.value);
  for (let candidate = first; candidate < first + ALTERNATIVES && candidate <= 65_535; candidate++) {
    if (!used.has(candidate)) return candidate;
  }
  return null;
}

function gatherTools(system: System, program: string): BindTools {
  return {
    sudo: findProgram(system, 'sudo') !== null,
    ss: findProgram(system, 'ss') !== null,
    // sd_booted(3).
    systemdRun: findProgram(system, 'systemd-run') !== null && system.stat('/run/systemd/system').ok,
    program: program.startsWith('/') ? program : findProgram(system, program),
    inSystemDirectories: [program, 'node'].every((name) => isInSystemDirectories(system, name)),
  };
}

function fromResult<T>(result: Result<T>, what: string): Fact<T> {
  return result.ok ? known(result.value) : unknown(`${what}: ${result.errno}`);
}
