import { isIP, isIPv6 } from 'node:net';
import { canonicalAddress, formatHostPort, type TcpListenAddress } from '../base/address.ts';
import { AddressSet, LOOPBACK_RANGES } from '../base/address-set.ts';
import type { Fix } from '../base/errors.ts';
import type { TcpBindFacts } from '../facts/bind-facts.ts';
import type { Explanation } from './explanation.ts';
import { explainPrivilege, judgePrivilege } from './privilege.ts';

const LOOPBACK = new AddressSet(LOOPBACK_RANGES);
/** RFC 4291 §2.5.6 */
const LINK_LOCAL = new AddressSet(['fe80::/10']);

/** A machine with many bridges has more addresses than anybody reads. */
const MAX_ADDRESSES_LISTED = 8;
const MAX_ADDRESSES_OFFERED = 2;

const EVERY_ADDRESS: Fix = { command: 'leave out --host', effect: 'listens on every address' };

/** EADDRNOTAVAIL: no interface has the address. */
export function explainNotAvailable(facts: TcpBindFacts, { host, port }: TcpListenAddress): Explanation {
  const why = [`no interface of this machine has ${host ?? 'such an address'}`, ...ownAddresses(facts)];
  const privilege = judgePrivilege(facts.subject.status, facts.unprivilegedPortStart, port);
  if (privilege === 'missing' || privilege === 'permitted-only') {
    // __inet_bind() checks the address first, __inet6_bind() the privilege.
    why.push(`the port is the next obstacle: ${explainPrivilege(facts, port).join('; ')}`);
  }
  return unavailable('address not available', why, addressFixes(facts, host));
}

/** EINVAL of __inet6_bind(): a link-local address needs its interface, and TCP has no multicast. */
export function explainInvalid(facts: TcpBindFacts, { host, port }: TcpListenAddress): Explanation {
  if (host !== null && LINK_LOCAL.has(host) && !host.includes('%')) {
    const own = facts.localAddresses.known ? facts.localAddresses.value : [];
    const names = own.filter(({ address }) => canonicalAddress(address) === canonicalAddress(host));
    return unavailable(
      'address without its interface',
      ['a link-local address is only unique on one link (RFC 4007): it needs a zone', ...ownAddresses(facts)],
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

/** EAFNOSUPPORT of socket(2): only IPv6 can be missing. */
export function explainNoIpv6(): Explanation {
  return unavailable('IPv6 is not available', ['this kernel has no IPv6'], [EVERY_ADDRESS]);
}

/** getaddrinfo(3) failed: `--host` was a name. */
export function explainNoName(facts: TcpBindFacts, errno: string): Explanation {
  return unavailable('no such host', [`the name does not resolve to an address (${errno})`], addressFixes(facts, null));
}

/** IPv6 asks for the privilege before it looks at the address: EACCES hides that the address is not there. */
export function absentIpv6({ localAddresses }: TcpBindFacts, host: string | null): readonly string[] {
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
export function addressFixes({ localAddresses }: TcpBindFacts, wanted: string | null): readonly Fix[] {
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

function unavailable(what: string, why: readonly string[], fixes: readonly Fix[]): Explanation {
  return { code: 'ADDRESS_NOT_AVAILABLE', what, why, fixes };
}
