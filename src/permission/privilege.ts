import type { TcpBindFacts } from '../facts/bind-facts.ts';
import type { Fact } from '../facts/fact.ts';
import { CAP_NET_BIND_SERVICE, hasCapability, type ProcessStatus } from '../facts/process-status.ts';

/**
 * How a process stands to a port. The kernel asks inet_port_requires_bind_service() (0 < port < ip_unprivileged_port_start,
 * ip-sysctl.rst) and then ns_capable(net->user_ns, CAP_NET_BIND_SERVICE), in __inet_bind() and __inet6_bind().
 * It looks at the effective set only, never at the uid (capabilities(7)).
 */
export type Privilege = 'not-needed' | 'effective' | 'permitted-only' | 'missing' | 'unknown';

export function judgePrivilege(status: Fact<ProcessStatus>, start: Fact<number>, port: number): Privilege {
  if (port === 0 || (start.known && port >= start.value)) return 'not-needed';
  if (!status.known) return 'unknown';
  const { effective, permitted } = status.value.capabilities;
  if (hasCapability(effective, CAP_NET_BIND_SERVICE)) return 'effective';
  if (!start.known) return 'unknown';
  return hasCapability(permitted, CAP_NET_BIND_SERVICE) ? 'permitted-only' : 'missing';
}

/** Why bind(2) said EACCES, as far as privilege goes; the cause first. */
export function explainPrivilege(facts: TcpBindFacts, port: number): readonly string[] {
  const { status } = facts.subject;
  const starts = describeStart(facts.unprivilegedPortStart);
  switch (judgePrivilege(status, facts.unprivilegedPortStart, port)) {
    case 'not-needed':
      return [`${starts}, so this port needs no privilege: ${SECURITY_MODULE}`];
    case 'effective':
      return [explainEffective(facts)];
    case 'permitted-only':
      // capabilities(7): a file capability without the effective bit (`=p`) is for programs that raise it themselves.
      return [`you hold CAP_NET_BIND_SERVICE as permitted but not as effective, which is what counts, and ${starts}`];
    case 'missing':
      return status.known ? explainMissing(status.value, starts) : [];
    case 'unknown':
      return status.known
        ? explainMissing(status.value, starts)
        : [`whether you hold CAP_NET_BIND_SERVICE is not known: ${status.reason}`, starts];
  }
}

/** What is in the way of any program started from here that shall gain the capability: sudo, or a file capability. */
function explainNoGain(status: Fact<ProcessStatus>): readonly string[] {
  if (!status.known) return [];
  const lines: string[] = [];
  if (!hasCapability(status.value.capabilities.bounding, CAP_NET_BIND_SERVICE)) {
    // capabilities(7), capability bounding set: it masks what execve(2) can grant, also to root.
    lines.push('CAP_NET_BIND_SERVICE is not in the bounding set: nothing that is started from here can gain it');
  }
  // PR_SET_NO_NEW_PRIVS, prctl(2).
  if (status.value.noNewPrivs) lines.push('no_new_privs is set: sudo and file capabilities give nothing from here');
  return lines;
}

/** security_socket_bind() comes before the kernel's own rule. */
const SECURITY_MODULE = 'a security module refused it (SELinux, AppArmor, Landlock)';

/** user_namespaces(7): a capability counts in the namespaces that its holder's user namespace owns. */
function explainEffective(facts: TcpBindFacts): string {
  const { foreignNetwork, subject } = facts;
  if (foreignNetwork.known) {
    return foreignNetwork.value
      ? 'you hold CAP_NET_BIND_SERVICE only within your user namespace, and this network belongs to another one'
      : `you hold CAP_NET_BIND_SERVICE, so it is not that: ${SECURITY_MODULE}`;
  }
  const where = subject.initialUserNamespace.known ? 'in a user namespace of its own' : 'perhaps in a user namespace';
  return `you hold CAP_NET_BIND_SERVICE, ${where}: unless that namespace owns this network it does not count; else ${SECURITY_MODULE}`;
}

function explainMissing(status: ProcessStatus, starts: string): readonly string[] {
  const uid = status.uids[1];
  const who = uid === 0 ? 'root (uid 0)' : `uid ${uid}`;
  return [
    `you are ${who} without CAP_NET_BIND_SERVICE, and ${starts}`,
    ...explainNoGain({ known: true, value: status }),
  ];
}

function describeStart(start: Fact<number>): string {
  return start.known
    ? `unprivileged ports start at ${start.value} here`
    : `where unprivileged ports start here is not known (${start.reason})`;
}
