import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { AddressSet, LOOPBACK_RANGES, PRIVATE_RANGES } from '../base/address-set.ts';
import { embeddedIPv4 } from './embedded-ipv4.ts';
import { LocalAddresses, withoutZone } from './local-addresses.ts';
import { UNIX_PEER } from './peer.ts';

/** Where a client of the forward proxy is: on this machine, in a private network, or anywhere. */
export type ClientScope = 'local' | 'private' | 'public';

export type Refusal = 'loopback' | 'link-local' | 'metadata' | 'own-listener' | 'unspecified' | 'multicast' | 'private';

export type Verdict = 'allowed' | Refusal;

/** A destination that the forward proxy does not connect to. */
export class DestinationRefused extends Error {
  override readonly name = 'DestinationRefused';
  readonly reason: Refusal;

  constructor(reason: Refusal) {
    super(`destination refused: ${reason}`);
    this.reason = reason;
  }
}

/** `dns.lookup` in its `all` form. */
export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export interface DestinationGuardOptions {
  readonly allowPrivate: boolean;
  readonly ownPorts: readonly number[];
  /** This machine's addresses; by default those of its interfaces. */
  readonly localAddresses?: () => readonly string[];
  readonly resolve?: Resolve;
}

const LOOPBACK = new AddressSet(LOOPBACK_RANGES);
const PRIVATE = new AddressSet(PRIVATE_RANGES);
const UNSPECIFIED = new AddressSet(['0.0.0.0/8', '::']);

/** Where cloud machines ask for their credentials: most are link-local, these are found by their own addresses. */
const METADATA = new AddressSet([
  '169.254.169.254', // nearly all
  '169.254.170.2', // AWS ECS
  '169.254.170.23', // AWS EKS
  'fd00:ec2::/32', // AWS over IPv6
  'fd20:ce::254', // Google over IPv6
  'fd00:42::42', // Scaleway over IPv6
  '100.100.100.200', // Alibaba
  '192.0.0.192', // Oracle
  '168.63.129.16', // Azure, a public address that answers on the host's network only
]);

/** Refused to every client that is not local; the first that matches names the reason. */
const PROTECTED: readonly (readonly [Refusal, AddressSet])[] = [
  ['metadata', METADATA],
  ['loopback', LOOPBACK],
  ['link-local', new AddressSet(['169.254.0.0/16', 'fe80::/10'])],
  ['unspecified', UNSPECIFIED],
  ['multicast', new AddressSet(['224.0.0.0/4', '255.255.255.255', 'ff00::/8'])],
];

/** Refused to public clients: private networks, and what the IANA special-purpose registries keep off the Internet. */
const NOT_GLOBAL = new AddressSet([
  ...PRIVATE_RANGES,
  '192.0.0.0/24', // IETF protocol assignments, RFC 6890
  '198.18.0.0/15', // benchmarking, RFC 2544
  '240.0.0.0/4', // reserved, RFC 1112; some clouds use it inside
  'fec0::/10', // site-local, RFC 3879
  '64:ff9b:1::/48', // a site's own NAT64, RFC 8215
]);

/**
 * Decides where a client of the forward proxy may be connected to (CWE-918). A local client could go there itself,
 * so it may go anywhere; even to lowport's own listeners, where `Via` ends a loop with 508. For all others the own
 * listeners stay closed whatever `allowPrivate` says: on the second lap they would come from this machine's own
 * address, and be local.
 */
export class DestinationGuard {
  readonly #allowPrivate: boolean;
  readonly #ownPorts: ReadonlySet<number>;
  readonly #local: LocalAddresses;
  readonly #resolve: Resolve;

  constructor(options: DestinationGuardOptions) {
    this.#allowPrivate = options.allowPrivate;
    this.#ownPorts = new Set(options.ownPorts);
    this.#local = new LocalAddresses(options.localAddresses);
    this.#resolve = options.resolve ?? lookup;
  }

  /**
   * The scope of a peer as `peerOf` gives it. A peer without an address is public: see there.
   * Costs microseconds: ask once a connection, not once a request.
   */
  clientScope(peer: string | undefined): ClientScope {
    if (peer === undefined) return 'public';
    if (peer === UNIX_PEER || LOOPBACK.has(peer) || this.#local.has(peer)) return 'local';
    return PRIVATE.has(peer) ? 'private' : 'public';
  }

  /** Judges an IP address and every IPv4 address within it. What is no IP address is 'unspecified'. */
  verdict(address: string, port: number, client: ClientScope): Verdict {
    const bare = withoutZone(address);
    if (isIP(bare) === 0) return 'unspecified';
    if (client === 'local') return 'allowed';
    for (const each of [bare, ...embeddedIPv4(bare)]) {
      const refusal = this.#refusal(each, port, client);
      if (refusal !== null) return refusal;
    }
    return 'allowed';
  }

  /** The verdict on a host that is an IP address, for which `net.connect` asks no lookup; null for a name. */
  checkLiteral(host: string, port: number, client: ClientScope): Verdict | null {
    return isIP(host) === 0 ? null : this.verdict(host, port, client);
  }

  /**
   * A `lookup` for `net.connect` that hands on allowed addresses only, so that what was judged is what is connected
   * to and a second DNS answer cannot differ. Fails with DestinationRefused where none is left.
   */
  lookupFor(client: ClientScope, port: number): LookupFunction {
    return (hostname, options, callback) => {
      this.#resolve(hostname, { ...options, all: true }, (error, found) => {
        if (error !== null) {
          callback(error, []);
          return;
        }
        const allowed = found.filter(({ address }) => this.verdict(address, port, client) === 'allowed');
        const first = allowed[0];
        if (first === undefined) callback(this.#refused(found, port, client), []);
        else if (options.all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      });
    };
  }

  #refusal(address: string, port: number, client: 'private' | 'public'): Refusal | null {
    if (this.#ownPorts.has(port) && this.#isThisMachine(address)) return 'own-listener';
    if (this.#allowPrivate) return null;
    for (const [reason, ranges] of PROTECTED) if (ranges.has(address)) return reason;
    return client === 'public' && (NOT_GLOBAL.has(address) || this.#local.has(address)) ? 'private' : null;
  }

  /** On Linux the unspecified address leads to this machine too. */
  #isThisMachine(address: string): boolean {
    return LOOPBACK.has(address) || UNSPECIFIED.has(address) || this.#local.has(address);
  }

  #refused(found: readonly LookupAddress[], port: number, client: ClientScope): DestinationRefused {
    const verdict = this.verdict(found[0]?.address ?? '', port, client);
    return new DestinationRefused(verdict === 'allowed' ? 'unspecified' : verdict);
  }
}
