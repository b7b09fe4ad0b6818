import { normalizeAddress } from '../base/address.ts';
import type { AddressSet } from '../base/address-set.ts';
import { FieldKind, type FieldList } from '../http/fields.ts';
import type { ClientScope, DestinationGuard } from './destinations.ts';
import type { ForwardAccess } from './forward-access.ts';
import { UNIX_PEER } from './peer.ts';

/** Who is at the other end of a downstream connection. */
export class Client {
  /** IPv4 in its own notation also on a dual-stack socket; `unknown` (RFC 7239 §6) on a unix socket. */
  readonly address: string;
  /** A proxy whose X-Forwarded-* are believed. */
  readonly trusted: boolean;
  readonly proto = 'http';
  readonly localPort: number;
  readonly #peer: string;
  #scope: ClientScope | null = null;
  #admitted: boolean | null = null;
  #host: string | null = null;
  #forwardedFields = '';

  /**
   * @param peer as `peerOf` gives it
   * @param localPort the port it connected to
   * @param trustedProxies the peers of `--trust-proxy`, or null for none
   */
  constructor(peer: string, localPort: number, trustedProxies: AddressSet | null) {
    this.#peer = peer;
    this.address = peer === UNIX_PEER ? 'unknown' : normalizeAddress(peer);
    this.localPort = localPort;
    this.trusted = trustedProxies?.has(this.address) === true;
  }

  /** Whether the last request was for `host` too: then that name has been found valid. */
  askedBefore(host: string): boolean {
    return host === this.#host;
  }

  /** The X-Forwarded-* lines of a request for `host`. They are kept: a connection seldom asks for two hosts in turn. */
  forwardedFields(host: string): string {
    if (host !== this.#host) {
      this.#host = host;
      this.#forwardedFields = forwardedLines(this.address, this.proto, String(this.localPort), host);
    }
    return this.#forwardedFields;
  }

  /** Whether this peer stands for many clients: a trusted proxy in front, or whoever may open a unix socket. */
  get isMany(): boolean {
    return this.trusted || this.#peer === UNIX_PEER;
  }

  /** Where the client is. Judged once: comparing addresses costs more than a request may. */
  scope(guard: DestinationGuard): ClientScope {
    this.#scope ??= guard.clientScope(this.#peer);
    return this.#scope;
  }

  /** Whether it may use the forward proxy; judged once too. */
  admittedBy(access: ForwardAccess, guard: DestinationGuard): boolean {
    // A client that comes from another address of this machine is meant where its loopback address is.
    this.#admitted ??= access.admits(this.#peer) || (this.scope(guard) === 'local' && access.admits('127.0.0.1'));
    return this.#admitted;
  }
}

/** `X-Forwarded-*` as field lines. */
export function forwardedLines(chain: string, proto: string, port: string, host: string): string {
  return `X-Forwarded-For: ${chain}\r\nX-Forwarded-Proto: ${proto}\r\nX-Forwarded-Port: ${port}\r\nX-Forwarded-Host: ${host}\r\n`;
}

/**
 * The address a request came from: the peer, or behind trusted proxies the last address in X-Forwarded-For that
 * is not one of theirs.
 */
export function realClientAddress(client: Client, fields: FieldList, trustedProxies: AddressSet | null): string {
  if (!client.trusted || trustedProxies === null) return client.address;
  const chain = (fields.joined(FieldKind.xForwardedFor) ?? '').split(',').map((hop) => hop.trim());
  return chain.findLast((hop) => hop !== '' && !trustedProxies.has(hop)) ?? client.address;
}
