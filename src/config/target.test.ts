import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Target } from '../proxy/options.ts';
import { targetName } from '../proxy/target-name.ts';
import { isHost, parseTarget } from './target.ts';

const http = (host: string, port: number): Target => ({ protocol: 'http', host, port, socketPath: null });
const https = (host: string, port: number): Target => ({ protocol: 'https', host, port, socketPath: null });

describe('parseTarget', () => {
  it.each([
    ['3000', http('127.0.0.1', 3000)],
    [':3000', http('127.0.0.1', 3000)],
    ['localhost:3000', http('localhost', 3000)],
    ['10.0.0.5:80', http('10.0.0.5', 80)],
    ['[::1]:3000', http('::1', 3000)],
    ['http://example.com', http('example.com', 80)],
    ['HTTP://Example.COM/', http('example.com', 80)],
    ['http://[fd00::1]', http('fd00::1', 80)],
    ['https://example.com', https('example.com', 443)],
    ['https://example.com:8443', https('example.com', 8443)],
    ['my_app:3000', http('my_app', 3000)],
  ])('reads %s', (text, target) => expect(parseTarget(text)).toEqual({ value: target }));

  it.each([
    ['unix:/run/app.sock', '/run/app.sock'],
    ['unix:///run/app.sock', '/run/app.sock'],
  ])('reads %s', (text, socketPath) =>
    expect(parseTarget(text)).toMatchObject({ value: { protocol: 'http', socketPath } }),
  );

  it.each([
    ['', 'not a'],
    ['example.com', 'has no port'],
    ['localhost', 'has no port'],
    ['0', 'port 0'],
    ['host:0', 'port 0'],
    ['host:65536', 'not a target'],
    ['http://host/app', 'path or query'],
    ['http://host//', 'path or query'],
    ['http://host?x', 'path or query'],
    ['http://host#x', 'path or query'],
    ['http://user:pass@host', 'no user or password'],
    ['user@host:80', 'no user or password'],
    ['ftp://host', 'ftp:// is not supported'],
    ['wss://host', 'https:// passes WebSocket'],
    ['http://', 'not a'],
    ['http://:80', 'not a target'],
    ['http://host:', 'not a target'],
    ['http://ho st', 'a space'],
    ['http://host\\evil', 'a backslash'],
    ['host:80\n', 'control character'],
    ['::1', 'needs brackets'],
    ['http://127.1', 'not an IPv4'],
    ['http://256.1.1.1', 'not an IPv4'],
    ['http://0x7f000001', 'not a host'],
    ['http://host..name', 'not a host'],
    ['unix:run/app.sock', 'absolute path'],
    ['unix:@abstract', 'absolute path'],
    ['unix:/run/', 'a directory'],
    [`unix:/${'x'.repeat(107)}`, 'no more than 107'],
  ])('refuses %j', (text, why) => expect(parseTarget(text)).toEqual({ fault: expect.stringContaining(why) }));

  it('never repeats a password', () => {
    expect(JSON.stringify(parseTarget('http://user:hunter2@host'))).not.toContain('hunter2');
  });

  it('reads what targetName writes', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    const target = fc.record({
      protocol: fc.constantFrom('http' as const, 'https' as const),
      host: host.map((name) => name.toLowerCase()),
      port: fc.integer({ min: 1, max: 65_535 }),
      socketPath: fc.constant(null),
    });
    fc.assert(
      fc.property(target, (given) => {
        expect(parseTarget(targetName(given))).toEqual({ value: given });
      }),
    );
  });

  it('names a host that is one, or a fault, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.webAuthority()), (text) => {
        const parsed = parseTarget(text);
        if ('fault' in parsed) return;
        const { host, port, socketPath } = parsed.value;
        expect(isHost(host) && port > 0 && port < 65_536 && (socketPath === null || socketPath.startsWith('/'))).toBe(
          true,
        );
      }),
    );
  });
});
