import { BlockList, isIP, isIPv4 } from 'node:net';
import { normalizeAddress } from './address.ts';

/** A set of IP ranges that answers membership. IPv4-mapped IPv6 addresses are treated as IPv4. */
export class AddressSet {
  readonly #ranges = new BlockList();

  /** @throws RangeError where an entry is not an address or `address/prefix`. */
  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) this.#add(cidr);
  }

  has(address: string): boolean {
    const plain = normalizeAddress(address);
    const zone = plain.indexOf('%');
    const bare = zone < 0 ? plain : plain.slice(0, zone);
    const family = isIP(bare);
    if (family === 0) return false;
    return this.#ranges.check(bare, family === 4 ? 'ipv4' : 'ipv6');
  }

  #add(cidr: string): void {
    const range = parseCidr(cidr);
    if (range === null) throw new RangeError(`not an IP address or CIDR range: ${cidr}`);
    this.#ranges.addSubnet(range.address, range.prefix, isIPv4(range.address) ? 'ipv4' : 'ipv6');
  }
}

/** `10.0.0.0/8`, `fd00::/8`, or a single address; null if it is neither. */
export function parseCidr(text: string): { address: string; prefix: number } | null {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const family = isIP(address);
  if (family === 0 || address.includes('%')) return null;
  const widest = family === 4 ? 32 : 128;
  if (slash < 0) return { address, prefix: widest };
  const digits = text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(digits)) return null;
  const prefix = Number(digits);
  return prefix <= widest ? { address, prefix } : null;
}

/** This machine itself (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
export const LOOPBACK_RANGES: readonly string[] = ['127.0.0.0/8', '::1/128'];

/** Private use: RFC 1918, RFC 6598 (carrier NAT), RFC 4193, and link-local RFC 3927 / RFC 4291. */
export const PRIVATE_RANGES: readonly string[] = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  '169.254.0.0/16',
  'fe80::/10',
];
