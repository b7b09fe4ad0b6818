import { describe, expect, it } from 'vitest';
import {
  parseAccessLog,
  parseAuth,
  parseBoolean,
  parseRange,
  parseRouteHost,
  parseRoutePath,
  parseUser,
  parseWorkers,
} from './scalars.ts';

describe('parseRouteHost', () => {
  it.each([
    ['API.Example.com', 'api.example.com'],
    ['example.com.', 'example.com'],
    ['*.example.com', '*.example.com'],
    ['192.0.2.1', '192.0.2.1'],
    ['[::1]', '::1'],
    ['*', null],
  ])('reads %s', (text, value) => expect(parseRouteHost(text)).toEqual({ value }));

  it.each([
    ['example.com:80', 'has a port'],
    ['http://example.com', 'not a host'],
    ['*.*.com', 'not a host'],
    ['a*.com', 'not a host'],
    ['', 'not a host'],
    ['*.bücher.example', 'write *.xn--bcher-kva.example'],
  ])('refuses %j', (text, why) => expect(parseRouteHost(text)).toEqual({ fault: expect.stringContaining(why) }));
});

describe('parseRoutePath', () => {
  it.each([
    ['/v1', '/v1'],
    ['/v1/', '/v1'],
    ['/a%2Fb', '/a%2Fb'],
    ['/', null],
    ['//', null],
  ])('reads %s', (text, value) => expect(parseRoutePath(text)).toEqual({ value }));

  it.each(['', 'v1', '/v1?x', '/a b', '/ü', '/v1/*'])('refuses %j', (text) =>
    expect(parseRoutePath(text)).toHaveProperty('fault'),
  );
});

describe('parseAuth', () => {
  it('splits at the first colon', () => {
    expect(parseAuth('alice:/etc/a:b')).toEqual({ value: { user: 'alice', passwordFile: '/etc/a:b' } });
  });

  it.each(['alice', ':/file', 'alice:', 'a\x01:/file'])('refuses %j', (text) =>
    expect(parseAuth(text)).toHaveProperty('fault'),
  );
});

describe('single values', () => {
  it('reads switches as variables write them', () => {
    for (const text of ['1', 'true', 'YES', 'on']) expect(parseBoolean(text)).toEqual({ value: true });
    for (const text of ['0', 'false', 'no', 'OFF']) expect(parseBoolean(text)).toEqual({ value: false });
    expect(parseBoolean('maybe')).toHaveProperty('fault');
  });

  it('reads workers', () => {
    expect(parseWorkers('auto')).toEqual({ value: 'auto' });
    expect(parseWorkers('4')).toEqual({ value: 4 });
    for (const text of ['0', '-1', '1.5', '1025', 'many']) expect(parseWorkers(text)).toHaveProperty('fault');
  });

  it('reads ranges', () => {
    for (const text of ['10.0.0.0/8', '::1', 'fd00::/8']) expect(parseRange(text)).toEqual({ value: text });
    for (const text of ['10.0.0.0/33', 'private', '']) expect(parseRange(text)).toHaveProperty('fault');
  });

  it('reads users', () => {
    for (const text of ['deploy', '1000', 'www-data', 'svc$', 'j.doe'])
      expect(parseUser(text)).toEqual({ value: text });
    for (const text of ['', '-x', 'a b', 'a:b', 'ro\not']) expect(parseUser(text)).toHaveProperty('fault');
  });

  it('knows when the access log took the target for its format', () => {
    expect(parseAccessLog('combined')).toEqual({ value: 'combined' });
    expect(parseAccessLog('3000')).toEqual({ fault: expect.stringContaining('a target goes before it') });
    expect(parseAccessLog('jsno')).toEqual({ fault: expect.stringContaining('did you mean json?') });
  });
});
