import { isIP, isIPv6 } from 'node:net';
import { formatHostPort, type TcpListenAddress } from '../base/address.ts';
import { AddressSet, LOOPBACK_RANGES } from '../base/address-set.ts';
import { type ErrorCode, type Fix, LowportError } from '../base/errors.ts';
import { canonicalAddress } from '../facts/addresses.ts';
import type { TcpBindFacts } from '../facts/bind-facts.ts';
import { shellQuote } from '../facts/command-line.ts';
import { asRoot, type BindContext, foreignNetworkFixes, otherPort, privilegeFixes, rootFixes } from './fixes.ts';
import { conflicting, holderFixes, holderLines } from './holders.ts';
import { explainPrivilege, judgePrivilege, type Privilege } from './privilege.ts';

const LOOPBACK = new AddressSet(LOOPBACK_RANGES);
/** RFC 4291 §2.5.6 */
const LINK_LOCAL = new AddressSet(['fe80::/10']);

/** A machine with many bridges has more addresses than anybody reads. */
const MAX_ADDRESSES_LISTED = 8;
const MAX_ADDRESSES_OFFERED = 2;

interface Explanation {
  readonly code: ErrorCode;
  /** What failed, after the address. */
  readonly what: string;
  readonly why: readonly string[];
  readonly fixes: readonly Fix[];
}

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
      return unavailable('IPv6 is not available', ['this kernel has no IPv6 (socket(2))'], [EVERY_ADDRESS]);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unavailable(
        'no such host',
        [`the name does not resolve to an address (${errno})`],
        addressFixes(facts, null),
      );
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

function explainNotAvailable(facts: TcpBindFacts, { host, port }: TcpListenAddress): Explanation {
  const why = [`no interface of this machine has ${host ?? 'such an address'}`, ...ownAddresses(facts)];
  const privilege = judgePrivilege(facts.subject.status, facts.unprivilegedPortStart, port);
  if (privilege === 'missing' || privilege === 'permitted-only') {
    // __inet_bind() checks the address first, __inet6_bind() the privilege.
    why.push(`the port is the next obstacle: ${explainPrivilege(facts, port).join('; ')}`);
  }
  return unavailable('address not available', why, addressFixes(facts, host));
}

/** EINVAL of __inet6_bind(): a link-local address needs its interface, and TCP has no multicast. */
function explainInvalid(facts: TcpBindFacts, { host, port }: TcpListenAddress): Explanation {
  if (host !== null && LINK_LOCAL.has(host) && !host.includes('%')) {
    const own = facts.localAddresses.known ? facts.localAddresses.value : [];
    const names = own.filter(({ address }) => canonicalAddress(address) === canonicalAddress(host));
    return unavailable(
      'address without its interface',
      ['a link-local address is only unique on one link (RFC 4007): it needs a zone'],
      names.map(({ interfaceName }) => ({
        command: `--host '${formatHostPort(`${host}%${interfaceName}`, port)}'`,
        effect: 'the interface that has it here',
      })),
    );
  }
  return unavailable(
    'not an address to listen on',
    ['TCP cannot listen on it (EINVAL): multicast?'],
    addressFixes(facts, null),
  );
}

function unavailable(what: string, why: readonly string[], fixes: readonly Fix[]): Explanation {
  return { code: 'ADDRESS_NOT_AVAILABLE', what, why, fixes };
}

function holdersOf({ portUse }: TcpBindFacts, address: TcpListenAddress) {
  return portUse.known ? conflicting(portUse.value.listeners, address.host) : [];
}

/** IPv6 asks for the privilege before it looks at the address: EACCES hides that the address is not there. */
function absentIpv6({ localAddresses }: TcpBindFacts, host: string | null): readonly string[] {
  if (host === null || !localAddresses.known) return [];
  const wanted = canonicalAddress(host);
  if (!isIPv6(wanted) || wanted === '::') return [];
  if (localAddresses.value.some(({ address }) => canonicalAddress(address) === wanted)) return [];
  return [`the address is the next obstacle: no interface of this machine has ${host}`];
}

function ownAddresses({ localAddresses }: TcpBindFacts): readonly string[] {
  if (!localAddresses.known) return [`which addresses it has is not known (${localAddresses.reason})`];
  const list = localAddresses.value.map(({ address, interfaceName }) => `${address} (${interfaceName})`);
  const more = list.length > MAX_ADDRESSES_LISTED ? ` and ${list.length - MAX_ADDRESSES_LISTED} more` : '';
  return [
    list.length === 0 ? 'no interface is up here' : `it has ${list.slice(0, MAX_ADDRESSES_LISTED).join(', ')}${more}`,
  ];
}

/** Addresses of this machine that others can reach, of the wanted family; then all of them. */
function addressFixes({ localAddresses }: TcpBindFacts, wanted: string | null): readonly Fix[] {
  const own = localAddresses.known ? localAddresses.value.map(({ address }) => address) : [];
  const family = isIP(wanted ?? '');
  const outward = own.filter(
    (address) => !LINK_LOCAL.has(address) && !LOOPBACK.has(address) && isIP(address) === family,
  );
  return [
    ...outward.slice(0, MAX_ADDRESSES_OFFERED).map((address) => ({
      command: `--host ${address}`,
      effect: "an address of this machine (a cloud machine's public one is its router's)",
    })),
    EVERY_ADDRESS,
  ];
}

const EVERY_ADDRESS: Fix = { command: 'leave out --host', effect: 'listens on every address' };

/** Where security modules write what they refused. */
function seeKernelLog(facts: TcpBindFacts): Fix {
  return asRoot(facts, "journalctl -k -n 20 --grep 'avc|apparmor|landlock'", 'shows what a security module refused');
}
