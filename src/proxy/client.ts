import type { Socket } from 'node:net';
import { normalizeAddress } from '../base/address.ts';
import type { AddressSet } from '../base/address-set.ts';
import { FieldKind, type FieldList } from '../http/fields.ts';
import { UNIX_PEER } from './peer.ts';

/** Who is at the other end of a downstream connection. */
export interface Client {
  /** IPv4 in its own notation also on a dual-stack socket; `unknown` (RFC 7239 §6) on a unix socket. */
  readonly address: string;
  /** As `peerOf` gives it: an address, or UNIX_PEER. */
  readonly peer: string;
  /** A proxy whose X-Forwarded-* are believed. */
  readonly trusted: boolean;
  readonly proto: 'http';
  readonly localPort: number;
  /** The X-Forwarded-* lines that are the same for every request of this connection. */
  readonly forwardedFields: string;
}

/**
 * @param peer as `peerOf` gives it
 * @param trustedProxies the peers of `--trust-proxy`, or null for none
 */
export function describeClient(socket: Socket, peer: string, trustedProxies: AddressSet | null): Client {
  const address = peer === UNIX_PEER ? 'unknown' : normalizeAddress(peer);
  const localPort = socket.localPort ?? 80;
  return {
    address,
    peer,
    trusted: trustedProxies?.has(address) === true,
    proto: 'http',
    localPort,
    forwardedFields: `X-Forwarded-For: ${address}\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${localPort}\r\n`,
  };
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
