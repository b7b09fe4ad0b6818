import type { LookupAddress, LookupOptions } from 'node:dns';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ClientScope,
  DestinationGuard,
  type DestinationGuardOptions,
  DestinationRefused,
  type Resolve,
  type Verdict,
} from './destinations.ts';
import { UNIX_PEER } from './peer.ts';

function guard(options: Partial<DestinationGuardOptions> = {}): DestinationGuard {
  return new DestinationGuard({
    allowPrivate: false,
    ownPorts: [80],
    localAddresses: () => ['192.168.2.7', '198.51.100.7', '2001:db8::7'],
    ...options,
  });
}

function resolvesTo(...addresses: string[]): Resolve {
  return (_hostname, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

interface Looked {
  error: Error | null;
  address: string | LookupAddress[];
  family: number | undefined;
}

function look(g: DestinationGuard, client: ClientScope, name: string, options: LookupOptions): Promise<Looked> {
  return new Promise((resolve) => {
    g.lookupFor(client, 8080)(name, options, (error, address, family) => resolve({ error, address, family }));
  });
}

describe('clientScope', () => {
  it.each([
    [UNIX_PEER, 'local'],
    ['127.0.0.1', 'local'],
    ['127.8.8.8', 'local'],
    ['::1', 'local'],
    ['::ffff:127.0.0.1', 'local'],
    ['192.168.2.7', 'local'],
    ['::ffff:192.168.2.7', 'local'],
    ['198.51.100.7', 'local'],
    ['2001:db8::7', 'local'],
    ['192.168.2.8', 'private'],
    ['::ffff:10.1.2.3', 'private'],
    ['100.64.0.1', 'private'],
    ['fd12::1', 'private'],
    ['fe80::1%eth0', 'private'],
    ['203.0.113.1', 'public'],
    ['2001:db8::8', 'public'],
    ['not an address', 'public'],
    ['', 'public'],
  ] as const)('%s is %s', (address, expected) => {
    expect(guard().clientScope(address)).toBe(expected);
  });

  it('takes a peer without an address for a stranger', () => {
    expect(guard().clientScope(undefined)).toBe('public');
  });
});

describe('verdict', () => {
  const cases: readonly (readonly [string, number, Verdict, Verdict])[] = [
    // address, port, verdict for a private client, for a public one
    ['203.0.113.1', 80, 'allowed', 'allowed'],
    ['2606:4700::1111', 443, 'allowed', 'allowed'],
    ['127.0.0.1', 3000, 'loopback', 'loopback'],
    ['127.255.255.254', 3000, 'loopback', 'loopback'],
    ['::1', 3000, 'loopback', 'loopback'],
    ['::1%lo', 3000, 'loopback', 'loopback'],
    ['::ffff:127.0.0.1', 3000, 'loopback', 'loopback'],
    ['::FFFF:7F00:1', 3000, 'loopback', 'loopback'],
    ['::127.0.0.1', 3000, 'loopback', 'loopback'],
    ['64:ff9b::7f00:1', 3000, 'loopback', 'loopback'],
    ['2002:7f00:1::', 3000, 'loopback', 'loopback'],
    ['2001:0:5ef5:79fd:0:0:80ff:fffe', 3000, 'loopback', 'loopback'],
    ['169.254.1.1', 80, 'link-local', 'link-local'],
    ['fe80::1', 80, 'link-local', 'link-local'],
    ['fe80::1%eth0', 80, 'link-local', 'link-local'],
    ['169.254.169.254', 80, 'metadata', 'metadata'],
    ['::ffff:169.254.169.254', 80, 'metadata', 'metadata'],
    ['64:ff9b::a9fe:a9fe', 80, 'metadata', 'metadata'],
    ['2002:a9fe:a9fe::', 80, 'metadata', 'metadata'],
    ['fd00:ec2::254', 80, 'metadata', 'metadata'],
    ['fd00:0ec2:0:0::254', 80, 'metadata', 'metadata'],
    ['100.100.100.200', 80, 'metadata', 'metadata'],
    ['192.0.0.192', 80, 'metadata', 'metadata'],
    ['168.63.129.16', 80, 'metadata', 'metadata'],
    ['0.0.0.0', 3000, 'unspecified', 'unspecified'],
    ['0.1.2.3', 3000, 'unspecified', 'unspecified'],
    ['::', 3000, 'unspecified', 'unspecified'],
    ['224.0.0.1', 80, 'multicast', 'multicast'],
    ['255.255.255.255', 80, 'multicast', 'multicast'],
    ['ff02::1', 80, 'multicast', 'multicast'],
    ['10.0.0.1', 80, 'allowed', 'private'],
    ['172.31.255.255', 80, 'allowed', 'private'],
    ['172.32.0.0', 80, 'allowed', 'allowed'],
    ['192.168.2.8', 80, 'allowed', 'private'],
    ['100.64.0.1', 80, 'allowed', 'private'],
    ['fd12::1', 80, 'allowed', 'private'],
    ['fec0::1', 80, 'allowed', 'private'],
    ['198.18.0.1', 80, 'allowed', 'private'],
    ['240.0.0.1', 80, 'allowed', 'private'],
    ['::ffff:10.0.0.1', 80, 'allowed', 'private'],
    ['64:ff9b:1::1', 3000, 'unspecified', 'private'],
    ['64:ff9b:1::8.8.8.8', 80, 'allowed', 'private'],
    // this machine's own addresses
    ['192.168.2.7', 80, 'own-listener', 'own-listener'],
    ['198.51.100.7', 80, 'own-listener', 'own-listener'],
    ['2001:DB8:0::7', 80, 'own-listener', 'own-listener'],
    ['2002:c633:6407::', 80, 'own-listener', 'own-listener'],
    ['127.0.0.1', 80, 'own-listener', 'own-listener'],
    ['0.0.0.0', 80, 'own-listener', 'own-listener'],
    ['::', 80, 'own-listener', 'own-listener'],
    ['192.168.2.7', 3000, 'allowed', 'private'],
    ['198.51.100.7', 3000, 'allowed', 'private'],
    // no addresses
    ['example.com', 80, 'unspecified', 'unspecified'],
    ['127.1', 80, 'unspecified', 'unspecified'],
    ['', 80, 'unspecified', 'unspecified'],
  ];

  it.each(cases)('%s port %i: private client %s, public client %s', (address, port, toPrivate, toPublic) => {
    expect(guard().verdict(address, port, 'private')).toBe(toPrivate);
    expect(guard().verdict(address, port, 'public')).toBe(toPublic);
  });

  it('lets local clients go anywhere', () => {
    for (const address of ['127.0.0.1', '::1', '169.254.169.254', '192.168.2.7', '10.0.0.1', 'fe80::1%eth0']) {
      expect(guard().verdict(address, 80, 'local')).toBe('allowed');
    }
  });

  it('lets everyone go anywhere with allowPrivate, but never round to its own listeners', () => {
    const open = guard({ allowPrivate: true });
    for (const address of ['127.0.0.1', '::1', '169.254.169.254', '192.168.2.7', '10.0.0.1', '::', '2002:7f00:1::']) {
      expect(open.verdict(address, 3000, 'public')).toBe('allowed');
      const own = address !== '169.254.169.254' && address !== '10.0.0.1';
      expect(open.verdict(address, 80, 'public')).toBe(own ? 'own-listener' : 'allowed');
    }
    expect(open.verdict('127.0.0.1', 80, 'local')).toBe('allowed');
  });

  it('never lets a carrier of a refused IPv4 address through', () => {
    const hex = (number: number) => number.toString(16);
    const refused = fc.oneof(
      fc.tuple(fc.constant(127), fc.nat(255), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.constant(169), fc.constant(254), fc.nat(255), fc.nat(255)),
      fc.tuple(fc.integer({ min: 224, max: 239 }), fc.nat(255), fc.nat(255), fc.nat(255)),
    );
    fc.assert(
      fc.property(refused, fc.constantFrom<ClientScope>('private', 'public'), ([a, b, c, d], client) => {
        const groups = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
        const plain = guard().verdict(`${a}.${b}.${c}.${d}`, 3000, client);
        expect(plain).not.toBe('allowed');
        for (const carrier of [`::ffff:${groups}`, `::${groups}`, `64:ff9b::${groups}`, `2002:${groups}::1`]) {
          expect(guard().verdict(carrier, 3000, client)).toBe(plain);
        }
      }),
    );
  });

  it('refuses public clients no address of the plain Internet, in agreement with the ranges as numbers', () => {
    const inRange = (value: number, base: string, bits: number) => {
      const [a = 0, b = 0, c = 0, d = 0] = base.split('.').map(Number);
      const start = ((a * 256 + b) * 256 + c) * 256 + d;
      return value >= start && value < start + 2 ** (32 - bits);
    };
    const ranges: readonly (readonly [string, number])[] = [
      ['0.0.0.0', 8],
      ['10.0.0.0', 8],
      ['100.64.0.0', 10],
      ['127.0.0.0', 8],
      ['168.63.129.16', 32],
      ['169.254.0.0', 16],
      ['172.16.0.0', 12],
      ['192.0.0.0', 24],
      ['192.168.0.0', 16],
      ['198.18.0.0', 15],
      ['198.51.100.7', 32],
      ['224.0.0.0', 3],
    ];
    const anyAddress = fc.oneof(
      fc.nat(2 ** 32 - 1),
      // the edges of the ranges
      fc
        .tuple(fc.constantFrom(...ranges), fc.constantFrom(-1, 0, 1), fc.boolean())
        .map(([[base, bits], offset, end]) => {
          const [a = 0, b = 0, c = 0, d = 0] = base.split('.').map(Number);
          const start = ((a * 256 + b) * 256 + c) * 256 + d;
          return Math.min(2 ** 32 - 1, Math.max(0, start + (end ? 2 ** (32 - bits) : 0) + offset));
        }),
    );
    fc.assert(
      fc.property(anyAddress, (value) => {
        const address = [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
        const refused = ranges.some(([base, bits]) => inRange(value, base, bits));
        expect(guard().verdict(address, 3000, 'public') !== 'allowed').toBe(refused);
      }),
      { numRuns: 500 },
    );
  });
});

describe('checkLiteral', () => {
  it('judges addresses and leaves names, and what only looks like an address, to the lookup', () => {
    expect(guard().checkLiteral('127.0.0.1', 3000, 'private')).toBe('loopback');
    expect(guard().checkLiteral('::ffff:7f00:1', 3000, 'private')).toBe('loopback');
    expect(guard().checkLiteral('203.0.113.1', 3000, 'public')).toBe('allowed');
    for (const name of ['localhost', '127.1', '0x7f.1', '2130706433', '0177.0.0.1', '127.0.0.1.', '']) {
      expect(guard().checkLiteral(name, 3000, 'private')).toBeNull();
    }
  });
});

describe('lookupFor', () => {
  // The real resolver: what getaddrinfo reads as an IPv4 address, and Unicode digits that Node maps before asking.
  it.each(['localhost', '127.1', '0x7f.1', '0x7f000001', '2130706433', '0177.0.0.1', '0', '①②⑦.⓪.⓪.①'])(
    'refuses %s to a private client, in both forms',
    async (name) => {
      for (const options of [{ all: true }, {}]) {
        const { error } = await look(guard(), 'private', name, options);
        expect(error).toBeInstanceOf(DestinationRefused);
        expect(error).toHaveProperty('reason', name === '0' ? 'unspecified' : 'loopback');
      }
    },
  );

  it('gives them to a local client', async () => {
    expect(await look(guard(), 'local', '0x7f.1', { all: true })).toMatchObject({
      error: null,
      address: [{ address: '127.0.0.1', family: 4 }],
    });
    expect(await look(guard(), 'local', '2130706433', {})).toEqual({ error: null, address: '127.0.0.1', family: 4 });
  });

  it('hands on only the allowed ones of several addresses', async () => {
    const mixed = guard({ resolve: resolvesTo('127.0.0.1', '203.0.113.1', '::1', '2606:4700::1111') });
    expect(await look(mixed, 'private', 'mixed.test', { all: true })).toMatchObject({
      error: null,
      address: [
        { address: '203.0.113.1', family: 4 },
        { address: '2606:4700::1111', family: 6 },
      ],
    });
    expect(await look(mixed, 'private', 'mixed.test', { all: false })).toEqual({
      error: null,
      address: '203.0.113.1',
      family: 4,
    });
  });

  it('fails where the name has no address, and hands on the errors of DNS as they are', async () => {
    const { error } = await look(guard({ resolve: resolvesTo() }), 'local', 'empty.test', { all: true });
    expect(error).toBeInstanceOf(DestinationRefused);
    const failure = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    const failing = guard({ resolve: (_hostname, _options, callback) => callback(failure, []) });
    expect((await look(failing, 'local', 'missing.test', {})).error).toBe(failure);
  });

  it('asks for the family it was asked for', async () => {
    let asked: LookupOptions | undefined;
    const g = guard({
      resolve: (_hostname, options, callback) => {
        asked = options;
        callback(null, [{ address: '203.0.113.1', family: 4 }]);
      },
    });
    await look(g, 'public', 'a.test', { family: 4, hints: 32 });
    expect(asked).toEqual({ family: 4, hints: 32, all: true });
  });

  it.each([true, false])('works as the lookup of net.connect (autoSelectFamily %s)', async (autoSelectFamily) => {
    const server = createServer((socket) => socket.end('hello'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not a TCP server');
    const { port } = address;
    try {
      const lookup = (client: ClientScope) => ({ lookup: guard().lookupFor(client, port), autoSelectFamily });
      const allowed = connect({ host: 'localhost', port, ...lookup('local') });
      const [chunk] = await once(allowed, 'data');
      expect(String(chunk)).toBe('hello');
      allowed.destroy();

      const refused = connect({ host: 'localhost', port, ...lookup('private') });
      const error = await new Promise((resolve) => refused.once('error', resolve));
      expect(error).toBeInstanceOf(DestinationRefused);
    } finally {
      server.close();
    }
  });
});
