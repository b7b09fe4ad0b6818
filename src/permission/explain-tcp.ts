import { formatHostPort, type TcpListenAddress } from '../base/address.ts';
import { type Fix, LowportError } from '../base/errors.ts';
import type { TcpBindFacts } from '../facts/bind-facts.ts';
import { shellQuote } from '../facts/command-line.ts';
import {
  absentIpv6,
  addressFixes,
  explainInvalid,
  explainNoIpv6,
  explainNoName,
  explainNotAvailable,
} from './explain-address.ts';
import type { Explanation } from './explanation.ts';
import { asRoot, type BindContext, foreignNetworkFixes, otherPort, privilegeFixes, rootFixes } from './fixes.ts';
import { conflicting, holderFixes, holderLines } from './holders.ts';
import { explainPrivilege, judgePrivilege, type Privilege } from './privilege.ts';

/**
 * Why bind(2) (or listen(2), or the look-up of the name before) refused `address` with `errno`, and what to do here.
 * Pure: all it knows of the machine is in `facts`.
 */
export function explainTcpBind(
  facts: TcpBindFacts,
  address: TcpListenAddress,
  errno: string,
  context: BindContext,
): LowportError {
  const { code, what, why, fixes } = explain(facts, address, errno, context);
  const place = address.host === null ? `port ${address.port}` : formatHostPort(address.host, address.port);
  return new LowportError(`${place}: ${what}`, { code, source: 'system', why, fixes, cause: context.cause });
}

function explain(facts: TcpBindFacts, address: TcpListenAddress, errno: string, context: BindContext): Explanation {
  switch (errno) {
    case 'EACCES':
      return explainDenied(facts, address, context);
    case 'EPERM':
      return explainForbidden(facts, address, context);
    case 'EADDRINUSE':
      return explainInUse(facts, address, context);
    case 'EADDRNOTAVAIL':
      return explainNotAvailable(facts, address);
    case 'EINVAL':
      return explainInvalid(facts, address);
    case 'EAFNOSUPPORT':
      return explainNoIpv6();
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return explainNoName(facts, errno);
    default:
      return { code: 'SYSTEM', what: `cannot listen (${errno})`, why: [], fixes: [] };
  }
}

/** EACCES: the capability is missing or does not count. The port may be taken all the same: privilege is asked first. */
function explainDenied(facts: TcpBindFacts, address: TcpListenAddress, context: BindContext): Explanation {
  const holders = holdersOf(facts, address);
  const absent = absentIpv6(facts, address.host);
  const why = [...explainPrivilege(facts, address.port), ...absent];
  const privilege = judgePrivilege(facts.subject.status, facts.unprivilegedPortStart, address.port);
  // No way past the privilege ends in a bind as long as the address is not there.
  if (absent.length > 0)
    return { code: 'NOT_PERMITTED', what: 'permission denied', why, fixes: addressFixes(facts, address.host) };
  if (holders.length > 0) {
    // inet_csk_get_port(), which finds the conflict, is called after the privilege check of __inet_bind().
    const lines = holderLines(facts, holders).map((line) => `the port is taken as well: ${line}`);
    return {
      code: 'NOT_PERMITTED',
      what: 'permission denied, and the port is in use',
      why: [...why, ...lines],
      fixes: [
        ...otherPort(facts, address, context, 'free, and no privilege needed'),
        ...holderFixes(facts, holders),
        ...(privilege === 'not-needed' ? [] : rootFixes(facts, context, 'once the port is free: binds as root')),
      ],
    };
  }
  return {
    code: 'NOT_PERMITTED',
    what: 'permission denied',
    why,
    fixes: deniedFixes(facts, address, context, privilege),
  };
}

function deniedFixes(
  facts: TcpBindFacts,
  address: TcpListenAddress,
  context: BindContext,
  privilege: Privilege,
): readonly Fix[] {
  const foreign = facts.foreignNetwork.known ? facts.foreignNetwork.value : privilege === 'effective';
  if (privilege === 'not-needed' || (privilege === 'effective' && !foreign)) return [seeKernelLog(facts)];
  return (foreign ? foreignNetworkFixes : privilegeFixes)(facts, address, context);
}

/** EPERM never comes from the port rule (that is EACCES), but from what sits in front of it. */
function explainForbidden(facts: TcpBindFacts, address: TcpListenAddress, context: BindContext): Explanation {
  const { port } = address;
  if (facts.authbind) {
    // authbind(1): a file that the user may execute allows the port; `!` before the number for 512 to 1023.
    const file = `/etc/authbind/byport/${port < 512 ? '' : '!'}${port}`;
    const owner = facts.subject.user ?? 'root';
    return {
      code: 'NOT_PERMITTED',
      what: 'refused by authbind',
      why: [`lowport runs under authbind, and ${file} does not let you execute it`],
      fixes: [
        asRoot(
          facts,
          `install -m 500 -o ${shellQuote(owner)} /dev/null ${shellQuote(file)}`,
          `lets ${owner} bind the port through authbind`,
        ),
        ...otherPort(facts, address, context, 'no permission file needed'),
      ],
    };
  }
  const { service } = facts.subject;
  return {
    code: 'NOT_PERMITTED',
    what: 'operation not permitted',
    why: [
      'the port rule answers EACCES, so this is a filter in front of it: the cgroup (SocketBindDeny= of a systemd unit) or seccomp',
    ],
    fixes:
      service?.manager === 'system'
        ? [
            {
              command: `SocketBindAllow=tcp:${port}`,
              effect: `in [Service] of ${service.name} (systemctl edit ${service.name}), if it denies; then restart it`,
            },
          ]
        : otherPort(facts, address, context, 'if the filter is for this port only'),
  };
}

function explainInUse(facts: TcpBindFacts, address: TcpListenAddress, context: BindContext): Explanation {
  const holders = holdersOf(facts, address);
  const why = holders.length > 0 ? holderLines(facts, holders) : hiddenHolder(facts);
  const fixes = [...holderFixes(facts, holders), ...otherPort(facts, address, context, 'that port is free')];
  return { code: 'ADDRESS_IN_USE', what: 'address in use', why, fixes };
}

/** Who may hold a port on which nobody is seen to listen. */
function hiddenHolder({ portUse }: TcpBindFacts): readonly string[] {
  if (!portUse.known) return [`who holds it is not known (${portUse.reason})`];
  const { connections } = portUse.value;
  if (connections > 0) {
    // inet_csk_bind_conflict(): without SO_REUSEADDR on both sides, every socket with the local port counts.
    return [
      `nobody listens, but ${connections} of its connections are still there; the kernel drops closed ones in 60 s`,
    ];
  }
  return ['nobody listens: a socket that is bound but does not listen holds it, which /proc/net/tcp does not show'];
}

function holdersOf({ portUse }: TcpBindFacts, address: TcpListenAddress) {
  return portUse.known ? conflicting(portUse.value.listeners, address.host) : [];
}

/** Where security modules write what they refused. */
function seeKernelLog(facts: TcpBindFacts): Fix {
  return asRoot(facts, "journalctl -k -n 20 --grep 'avc|apparmor|landlock'", 'shows what a security module refused');
}
