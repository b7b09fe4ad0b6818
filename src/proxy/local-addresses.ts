import { networkInterfaces } from 'node:os';
import { AddressSet } from '../base/address-set.ts';

/** Addresses come and go with DHCP and VPNs, but asking the kernel for each connection would show. Milliseconds. */
const REFRESH_AFTER = 3_000;

/** The addresses of this machine's interfaces, read again at most every few seconds. */
export class LocalAddresses {
  readonly #read: () => readonly string[];
  #known = new AddressSet([]);
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(read: () => readonly string[] = interfaceAddresses) {
    this.#read = read;
  }

  has(address: string): boolean {
    const now = performance.now();
    if (now - this.#readAt > REFRESH_AFTER) {
      this.#readAt = now;
      this.#refresh();
    }
    return this.#known.has(address);
  }

  #refresh(): void {
    try {
      this.#known = new AddressSet(this.#read().map(withoutZone));
    } catch {
      // No netlink socket (systemd's RestrictAddressFamilies= without AF_NETLINK): what was known stays, and
      // loopback is known by its range.
    }
  }
}

/** `fe80::1%eth0` as `fe80::1`. */
export function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone < 0 ? address : address.slice(0, zone);
}

function interfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses?.map((info) => info.address) ?? []);
}
