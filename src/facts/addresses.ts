import { isIPv6, SocketAddress } from 'node:net';
import { normalizeAddress } from '../base/address.ts';

/** One spelling per address: IPv6 compressed and without zone, IPv4-mapped as IPv4; anything else as it is. */
export function canonicalAddress(host: string): string {
  if (!isIPv6(host)) return host;
  return normalizeAddress(new SocketAddress({ address: host, family: 'ipv6' }).address);
}
