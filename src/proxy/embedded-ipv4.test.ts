import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embeddedIPv4 } from './embedded-ipv4.ts';

describe('embeddedIPv4', () => {
  it.each([
    ['::ffff:127.0.0.1', ['127.0.0.1']],
    ['::FFFF:7f00:1', ['127.0.0.1']],
    ['0:0:0:0:0:ffff:7f00:0001', ['127.0.0.1']],
    ['::127.0.0.1', ['127.0.0.1']],
    ['::7f00:1', ['127.0.0.1']],
    ['::ffff:0:10.0.0.1', ['10.0.0.1']],
    ['64:ff9b::169.254.169.254', ['169.254.169.254']],
    ['64:ff9b::a9fe:a9fe', ['169.254.169.254']],
    ['64:ff9b:1::10.0.0.1', ['10.0.0.1']],
    ['2002:7f00:1::', ['127.0.0.1']],
    ['2002:a9fe:a9fe::1', ['169.254.169.254']],
    ['2001:0:5ef5:79fd:0:0:80ff:fffe', ['94.245.121.253', '127.0.0.1']],
    ['2001:db8::5efe:10.0.0.1', ['10.0.0.1']],
    ['2001:db8::200:5efe:10.0.0.1', ['10.0.0.1']],
    ['::', []],
    ['::1', []],
    ['2001:db8::7f00:1', []],
    ['fe80::1', []],
    ['2606:4700::1111', []],
    ['127.0.0.1', []],
    ['example.com', []],
    ['', []],
  ])('%s carries %j', (address, expected) => {
    expect(embeddedIPv4(address)).toEqual(expected);
  });

  it('finds any IPv4 address in every form that carries one, in either notation', () => {
    const hex = (number: number) => number.toString(16);
    fc.assert(
      fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({ min: 2, max: 255 })), ([a, b, c, d]) => {
        const dotted = `${a}.${b}.${c}.${d}`;
        const groups = `${hex(a * 256 + b)}:${hex(c * 256 + d)}`;
        for (const tail of [dotted, groups]) {
          for (const prefix of ['::ffff:', '::', '::ffff:0:', '64:ff9b::', '2001:db8::5efe:', '0:0:0:0:0:ffff:']) {
            expect(embeddedIPv4(prefix + tail)).toEqual([dotted]);
          }
        }
        expect(embeddedIPv4(`2002:${groups}::1`)).toEqual([dotted]);
        const inverted = `${hex((a * 256 + b) ^ 0xffff)}:${hex((c * 256 + d) ^ 0xffff)}`;
        expect(embeddedIPv4(`2001:0:${groups}:0:0:${inverted}`)).toEqual([dotted, dotted]);
      }),
    );
  });
});
