import { describe, expect, it } from 'vitest';
import { connectionOptions, isNominated } from './connection-options.ts';
import { parseFields } from './head.ts';

function optionsOf(...lines: string[]): [close: boolean, keepAlive: boolean, upgrade: boolean, nominated: string[]] {
  const options = connectionOptions(parseFields(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), 100));
  return [options.close, options.keepAlive, options.upgrade, [...(options.nominated ?? [])]];
}

describe('connectionOptions', () => {
  it.each([
    ['Connection: close', [true, false, false, []]],
    ['Connection: Close', [true, false, false, []]],
    ['Connection: keep-alive', [false, true, false, []]],
    ['Connection: Keep-Alive', [false, true, false, []]],
    ['Connection: KEEP-ALIVE , Upgrade,', [false, true, true, []]],
    ['Connection: close, keep-alive', [true, true, false, []]],
    ['Connection: X-A,,x-b', [false, false, false, ['x-a', 'x-b']]],
    ['Connection:', [false, false, false, []]],
    ['Proxy-Connection: keep-alive', [false, true, false, []]],
    ['X: close', [false, false, false, []]],
  ])('%s', (line, expected) => {
    expect(optionsOf(line)).toEqual(expected);
  });

  it('reads several fields as one list, and Proxy-Connection only where there is no Connection', () => {
    expect(optionsOf('Connection: close', 'Connection: X-A')).toEqual([true, false, false, ['x-a']]);
    expect(optionsOf('Proxy-Connection: keep-alive', 'Connection: close')).toEqual([true, false, false, []]);
  });

  it.each([
    'Host',
    'Content-Length',
    'Transfer-Encoding',
    'Cookie',
    'Set-Cookie',
    'Authorization',
    'Content-Type',
    'Cache-Control',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Port',
    'Forwarded',
    'Max-Forwards',
    'Expect',
  ])('does not let a sender nominate %s', (name) => {
    expect(optionsOf(`Connection: ${name}`)).toEqual([false, false, false, []]);
    expect(optionsOf(`Connection: ${name.toUpperCase()}`)).toEqual([false, false, false, []]);
  });

  it('tells nominated fields in any case', () => {
    const fields = parseFields(Buffer.from('Connection: x-A\r\nX-a: 1\r\nX-B: 2\r\n\r\n', 'latin1'), 100);
    const options = connectionOptions(fields);
    expect([1, 2].map((index) => isNominated(options, fields, index))).toEqual([true, false]);
  });
});
