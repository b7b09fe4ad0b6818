import { formatHostPort, type TcpListenAddress } from '../base/address.ts';
import type { Fix } from '../base/errors.ts';
import type { BindSubject, BindTools, TcpBindFacts } from '../facts/bind-facts.ts';
import { shellQuote, shellWords } from '../facts/command-line.ts';
import { CAP_NET_BIND_SERVICE, hasCapability } from '../facts/process-status.ts';
import { withPort } from './retype.ts';

/** What an explanation says beside the facts of the machine. */
export interface BindContext {
  /** What the user typed, in words. */
  readonly command: readonly string[];
  /** Whom the user chose to serve as; null: the default. */
  readonly user: string | null;
  /** The error that bind(2) gave. */
  readonly cause: unknown;
}

interface Machine {
  readonly subject: BindSubject;
  readonly tools: BindTools;
}

/** A command that only root may run, as this user can run it here. */
export function asRoot({ subject, tools }: Machine, command: string, effect: string): Fix {
  if (subject.status.known && subject.status.value.uids[1] === 0) return { command, effect };
  return tools.sudo ? { command: `sudo ${command}`, effect } : { command, effect: `as root: ${effect}` };
}

/** Ways to get past the privilege check, least change first; only those that work for this process on this machine. */
export function privilegeFixes(facts: TcpBindFacts, address: TcpListenAddress, context: BindContext): readonly Fix[] {
  const { service, initialUserNamespace: initial } = facts.subject;
  return [
    ...rootFixes(facts, context, 'binds as root'),
    ...(service === null ? containerFixes(facts) : unitFixes(facts)),
    ...otherPort(facts, address, context, 'no privilege needed'),
    ...socketUnit(facts, address, context),
    ...(initial.known && initial.value ? [openPorts(facts, address.port)] : []),
  ];
}

/** The same command on a port that is free and needs no privilege. */
export function otherPort(
  facts: TcpBindFacts,
  { port }: TcpListenAddress,
  context: BindContext,
  effect: string,
): readonly Fix[] {
  const to = facts.portUse.known ? facts.portUse.value.alternative : null;
  return to === null ? [] : [{ command: withPort(context.command, port, to), effect }];
}

/**
 * Whether a person may get past with sudo: not from a unit, and only where a setuid-root program can gain the capability
 * (prctl(2), no_new_privs; capabilities(7), bounding set).
 */
function sudoGives({ status, initialUserNamespace, service }: BindSubject): boolean {
  if (service !== null || !status.known || !initialUserNamespace.known || !initialUserNamespace.value) return false;
  const { noNewPrivs, capabilities, uids } = status.value;
  return uids[1] !== 0 && !noNewPrivs && hasCapability(capabilities.bounding, CAP_NET_BIND_SERVICE);
}

/** The same command as root, where that helps; `effect` says what root is for. */
export function rootFixes({ subject, tools }: Machine, { command, user }: BindContext, effect: string): readonly Fix[] {
  if (!sudoGives(subject)) return [];
  const words = shellWords(command);
  const does = `${effect}, serves as ${user ?? you(subject)}`;
  if (!tools.sudo) {
    const as = user === null && subject.user !== null ? ` --user ${shellQuote(subject.user)}` : '';
    return [{ command: `${words}${as}`, effect: `as root: ${does}` }];
  }
  // sudo has a PATH of its own (secure_path, sudoers(5)): what only the user's finds has to be taken along.
  return [{ command: tools.inSystemDirectories ? `sudo ${words}` : `sudo env "PATH=$PATH" ${words}`, effect: does }];
}

/** systemd.socket(5) through systemd-run(1): systemd binds, and passes the socket on as LISTEN_FDS. */
function socketUnit({ subject, tools }: TcpBindFacts, address: TcpListenAddress, context: BindContext): readonly Fix[] {
  if (!sudoGives(subject) || !subject.status.known) return [];
  if (!tools.sudo || !tools.systemdRun || tools.program === null) return [];
  const user = context.user ?? subject.user ?? String(subject.status.value.uids[0]);
  const listen = address.host === null ? String(address.port) : formatHostPort(address.host, address.port);
  const options = ['--unit=lowport', '--same-dir', `--uid=${user}`, `--socket-property=ListenStream=${listen}`];
  const path = tools.inSystemDirectories ? '' : ' --setenv="PATH=$PATH"';
  const command = shellWords([tools.program, ...context.command.slice(1)]);
  return [
    {
      command: `sudo systemd-run ${shellWords(options)}${path} ${command}`,
      effect: 'systemd holds the socket and starts it at the first connection; until the next boot',
    },
  ];
}

/** ip-sysctl.rst, ip_unprivileged_port_start: for every user, every protocol and all ports above. */
function openPorts(facts: TcpBindFacts, port: number): Fix {
  return asRoot(
    facts,
    `sysctl net.ipv4.ip_unprivileged_port_start=${port}`,
    `lets every user bind every port from ${port} up, until the next boot`,
  );
}

/** systemd.exec(5): root has what the bounding set has; ambient capabilities work under NoNewPrivileges= too. */
function unitFixes({ subject: { service, status } }: TcpBindFacts): readonly Fix[] {
  if (service?.manager !== 'system' || !status.known) return [];
  const bounded = !hasCapability(status.value.capabilities.bounding, CAP_NET_BIND_SERVICE);
  const isRoot = status.value.uids[1] === 0;
  const setting = isRoot && bounded ? 'CapabilityBoundingSet' : 'AmbientCapabilities';
  const also = !isRoot && bounded ? ', and the same in CapabilityBoundingSet=' : '';
  return [
    {
      command: `${setting}=CAP_NET_BIND_SERVICE`,
      effect: `in [Service] of ${service.name} (systemctl edit ${service.name})${also}; then restart it`,
    },
  ];
}

/** Without the capability in the bounding set this is most likely a container, and only who starts it can change that. */
function containerFixes({ subject: { status } }: TcpBindFacts): readonly Fix[] {
  if (!status.known || hasCapability(status.value.capabilities.bounding, CAP_NET_BIND_SERVICE)) return [];
  return status.value.uids[1] === 0
    ? [
        {
          command: '--cap-add NET_BIND_SERVICE',
          effect: 'given to docker run or podman run; in Kubernetes securityContext.capabilities.add',
        },
      ]
    : [
        {
          command: '--sysctl net.ipv4.ip_unprivileged_port_start=0',
          effect:
            'given to docker run or podman run (not with the host network); in Kubernetes securityContext.sysctls',
        },
      ];
}

/** In a user namespace on a network that is not its own, nothing inside helps: not root, not any capability. */
export function foreignNetworkFixes(
  facts: TcpBindFacts,
  address: TcpListenAddress,
  context: BindContext,
): readonly Fix[] {
  const { service } = facts.subject;
  return [
    ...otherPort(facts, address, context, 'no privilege needed'),
    ...(service?.manager === 'system'
      ? [{ command: 'PrivateUsers=no', effect: `in [Service] of ${service.name}, if it is on; then restart it` }]
      : []),
    {
      command: `sysctl net.ipv4.ip_unprivileged_port_start=${address.port}`,
      effect: `as root outside of the user namespace: lets every user bind every port from ${address.port} up`,
    },
  ];
}

function you({ status }: BindSubject): string {
  return status.known ? `you (uid ${status.value.uids[0]})` : 'you';
}
