import { createHash, timingSafeEqual } from 'node:crypto';
import { AddressSet } from '../base/address-set.ts';
import type { ForwardOptions } from './options.ts';
import { UNIX_PEER } from './peer.ts';

/** `Basic` and a token68 that is base64 with its padding (RFC 7617 §2, RFC 9110 §11.4). */
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const COLON = 0x3a;
const SHA256_HEX = /^[0-9a-f]{64}$/i;

interface Credentials {
  readonly user: Buffer;
  readonly password: Buffer;
}

/** Who may use the forward proxy. */
export class ForwardAccess {
  readonly #allow: AddressSet;
  readonly #userSha256: Buffer | null;
  readonly #passwordSha256: Buffer | null;

  /** @throws RangeError for an entry of `allow` that is no CIDR range, or a digest that is not SHA-256 in hex. */
  constructor(options: ForwardOptions) {
    this.#allow = new AddressSet(options.allow);
    const auth = options.auth;
    if (auth !== null && !SHA256_HEX.test(auth.passwordSha256)) throw new RangeError('not a SHA-256 digest in hex');
    this.#userSha256 = auth === null ? null : sha256(Buffer.from(auth.user));
    this.#passwordSha256 = auth === null ? null : Buffer.from(auth.passwordSha256, 'hex');
  }

  /** Whether a peer as `peerOf` gives it is in an allowed range. Unix peers are local and always are. */
  admits(peer: string | undefined): boolean {
    if (peer === undefined) return false;
    return peer === UNIX_PEER || this.#allow.has(peer);
  }

  /**
   * Whether the value of `Proxy-Authorization` is the right one; true where none is asked for. User and password are
   * compared as the bytes that were sent, both always, and as digests, so that the time taken tells nothing.
   */
  authenticates(proxyAuthorization: string | undefined): boolean {
    if (this.#userSha256 === null || this.#passwordSha256 === null) return true;
    const given = parseBasic(proxyAuthorization ?? '');
    if (given === null) return false;
    const userMatches = timingSafeEqual(sha256(given.user), this.#userSha256);
    const passwordMatches = timingSafeEqual(sha256(given.password), this.#passwordSha256);
    return userMatches && passwordMatches;
  }
}

/** The password may hold colons, the user may not. */
function parseBasic(value: string): Credentials | null {
  const token = BASIC.exec(value)?.[1];
  if (token === undefined) return null;
  const bytes = Buffer.from(token, 'base64');
  // Buffer forgives wrong padding and stray bits: two spellings of one password are one too many.
  if (bytes.toString('base64') !== token) return null;
  const colon = bytes.indexOf(COLON);
  return colon < 0 ? null : { user: bytes.subarray(0, colon), password: bytes.subarray(colon + 1) };
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
