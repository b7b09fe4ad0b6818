import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyServer } from './header-routing.ts';

describe('parseProxyServer', () => {
  it.each([
    ['example.com', 'http', 'example.com', 80],
    ['example.com:8080', 'http', 'example.com', 8080],
    ['example.com:443', 'https', 'example.com', 443],
    ['localhost:3000', 'http', 'localhost', 3000],
    ['192.0.2.1:443', 'https', '192.0.2.1', 443],
    ['[2001:db8::1]:8080', 'http', '2001:db8::1', 8080],
    ['[2001:db8::1]', 'http', '2001:db8::1', 80],
    ['x', 'http', 'x', 80],
  ])('%s', (value, protocol, host, port) => {
    expect(parseProxyServer(value)).toEqual({ protocol, host, port, socketPath: null });
  });

  it.each([
    '',
    ':80',
    'example.com:',
    'example.com:0',
    'example.com:65536',
    'example.com:+80',
    'http://example.com',
    'example.com/path',
    'user@example.com',
    'a b',
    ' example.com',
    'example.com, example.org',
    '[::1',
    '[fe80::1%eth0]',
    '.example.com',
    'a\0b',
    'a\r\nb',
    `${'a'.repeat(300)}`,
  ])('refuses %j', (value) => {
    expect(parseProxyServer(value)).toBeNull();
  });

  it('never throws, and lets nothing through that could end a line or begin another part of a URL', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        const target = parseProxyServer(text);
        if (target !== null) expect(target.host).toMatch(/^[A-Za-z0-9._:-]+$/);
      }),
    );
  });
});
