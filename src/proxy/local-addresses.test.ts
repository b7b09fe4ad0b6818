import { networkInterfaces } from 'node:os';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalAddresses } from './local-addresses.ts';

describe('LocalAddresses', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('knows every address of the interfaces', () => {
    const local = new LocalAddresses();
    const addresses = Object.values(networkInterfaces()).flatMap((infos) => infos?.map((info) => info.address) ?? []);
    expect(addresses.filter((address) => !local.has(address))).toEqual([]);
    expect(local.has('203.0.113.77')).toBe(false);
  });

  it('compares addresses, not spellings', () => {
    const local = new LocalAddresses(() => ['2001:db8::1', '192.0.2.1', 'fe80::1%eth0']);
    expect(local.has('2001:DB8:0::0:1')).toBe(true);
    expect(local.has('::ffff:192.0.2.1')).toBe(true);
    expect(local.has('fe80::1%eth1')).toBe(true);
    expect(local.has('2001:db8::2')).toBe(false);
  });

  it('reads again, but not at every question', () => {
    let reads = 0;
    const local = new LocalAddresses(() => [`192.0.2.${++reads}`]);
    expect(local.has('192.0.2.1')).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect(local.has('192.0.2.1')).toBe(true);
    expect(reads).toBe(1);
    vi.advanceTimersByTime(2_000);
    expect(local.has('192.0.2.2')).toBe(true);
    expect(local.has('192.0.2.1')).toBe(false);
  });

  it('keeps what it knew where the kernel does not answer', () => {
    let fails = false;
    const local = new LocalAddresses(() => {
      if (fails) throw new Error('no netlink');
      return ['192.0.2.1'];
    });
    expect(local.has('192.0.2.1')).toBe(true);
    fails = true;
    vi.advanceTimersByTime(10_000);
    expect(local.has('192.0.2.1')).toBe(true);
  });
});
