import { randomBytes } from 'node:crypto';

/** A name for `Via` (RFC 9110 §7.6.3) that no other lowport has: a request that carries it has been here before. */
export function newViaName(): string {
  return `lowport-${randomBytes(3).toString('hex')}`;
}
