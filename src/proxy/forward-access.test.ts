import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ForwardAccess } from './forward-access.ts';
import { DEFAULT_CONNECT_PORTS, type ForwardAuth, type ForwardOptions } from './options.ts';
import { UNIX_PEER } from './peer.ts';

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function access(auth: ForwardAuth | null, allow: readonly string[] = ['127.0.0.0/8', '10.0.0.0/8', 'fd00::/8']) {
  const options: ForwardOptions = {
    allow,
    auth,
    allowPrivate: false,
    connectPorts: DEFAULT_CONNECT_PORTS,
    localSuffix: true,
    headerRouting: false,
  };
  return new ForwardAccess(options);
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

describe('admits', () => {
  it('goes by the ranges', () => {
    const some = access(null);
    for (const peer of ['127.0.0.1', '10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', UNIX_PEER]) {
      expect(some.admits(peer)).toBe(true);
    }
    for (const peer of ['11.0.0.1', '203.0.113.1', '2001:db8::1', '::ffff:11.0.0.1', 'x', '']) {
      expect(some.admits(peer)).toBe(false);
    }
  });

  it('admits no TCP peer to an empty list, and never one without an address', () => {
    expect(access(null, []).admits('127.0.0.1')).toBe(false);
    expect(access(null, []).admits(UNIX_PEER)).toBe(true);
    expect(access(null, ['0.0.0.0/0', '::/0']).admits(undefined)).toBe(false);
  });

  it('does not start with a range that is none', () => {
    expect(() => access(null, ['10.0.0.0/33'])).toThrow(RangeError);
  });
});

describe('authenticates', () => {
  const asked = access({ user: 'anna', passwordSha256: sha256('s3:cret') });

  it('asks for nothing without credentials', () => {
    expect(access(null).authenticates(undefined)).toBe(true);
    expect(access(null).authenticates('nonsense')).toBe(true);
  });

  it('takes the right ones', () => {
    expect(asked.authenticates(basic('anna', 's3:cret'))).toBe(true);
    expect(asked.authenticates(basic('anna', 's3:cret').replace('Basic', 'bAsIc'))).toBe(true);
    expect(asked.authenticates(basic('anna', 's3:cret').replace(' ', '  '))).toBe(true);
    const upper = access({ user: 'anna', passwordSha256: sha256('s3:cret').toUpperCase() });
    expect(upper.authenticates(basic('anna', 's3:cret'))).toBe(true);
  });

  it('refuses all others', () => {
    for (const value of [
      undefined,
      '',
      'Basic',
      'Basic ',
      'Basic =',
      basic('anna', 's3'),
      basic('anna', 's3:cret '),
      basic('Anna', 's3:cret'),
      basic('', 's3:cret'),
      basic('anna', ''),
      basic('', ''),
      basic('anna', sha256('s3:cret')),
      `Basic ${Buffer.from('anna').toString('base64')}`,
      `Bearer ${Buffer.from('anna:s3:cret').toString('base64')}`,
      `${basic('anna', 's3:cret')}, ${basic('anna', 's3:cret')}`,
      ` ${basic('anna', 's3:cret')}`,
      `${basic('anna', 's3:cret')}\n`,
    ]) {
      expect(asked.authenticates(value)).toBe(false);
    }
  });

  it('takes one spelling of base64 only', () => {
    // 'u:pass' ends in no padding, 'u:pas' in one '=', 'u:pa' in two: bits are left over that Buffer ignores.
    const right = access({ user: 'u', passwordSha256: sha256('pa') });
    expect(Buffer.from('u:pa').toString('base64')).toBe('dTpwYQ==');
    expect(right.authenticates('Basic dTpwYQ==')).toBe(true);
    for (const token of ['dTpwYQ', 'dTpwYQ=', 'dTpwYR==', 'dTpw YQ==', 'dTpwYQ==dTpwYQ==', 'dTpw-Q==', 'dTpwYQ===']) {
      expect(right.authenticates(`Basic ${token}`)).toBe(false);
    }
  });

  it('compares bytes: what is not UTF-8 is not replaced by anything', () => {
    const replacement = access({ user: 'u', passwordSha256: sha256('\uFFFD') });
    expect(replacement.authenticates(`Basic ${Buffer.from([0x75, 0x3a, 0xff]).toString('base64')}`)).toBe(false);
    expect(replacement.authenticates(basic('u', '\uFFFD'))).toBe(true);
    const mark = access({ user: 'u', passwordSha256: sha256('\uFEFFx') });
    expect(mark.authenticates(basic('u', '\uFEFFx'))).toBe(true);
    expect(mark.authenticates(basic('u', 'x'))).toBe(false);
  });

  it('takes exactly its own user and password', () => {
    const user = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes(':'));
    const password = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(user, password, user, password, (rightUser, rightPassword, otherUser, otherPassword) => {
        const own = access({ user: rightUser, passwordSha256: sha256(rightPassword) });
        expect(own.authenticates(basic(rightUser, rightPassword))).toBe(true);
        const same = otherUser === rightUser && otherPassword === rightPassword;
        expect(own.authenticates(basic(otherUser, otherPassword))).toBe(same);
      }),
    );
  });

  it('does not start with a digest that is none', () => {
    for (const passwordSha256 of ['', 'secret', sha256('x').slice(1), `${sha256('x')}00`]) {
      expect(() => access({ user: 'u', passwordSha256 })).toThrow(RangeError);
    }
  });
});
