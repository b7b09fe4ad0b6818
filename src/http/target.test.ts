import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpError } from './http-error.ts';
import { isHostText, parseTarget } from './target.ts';

describe('parseTarget', () => {
  it.each([
    ['GET', '/', { form: 'origin' }],
    ['GET', '//evil.example/', { form: 'origin' }],
    ['GET', '/a%2Fb/../c?d=http://e/', { form: 'origin' }],
    ['OPTIONS', '*', { form: 'asterisk' }],
    ['GET', 'http://a/', { form: 'absolute', scheme: 'http', authority: 'a', path: '/' }],
    ['GET', 'HTTP://A.example:81', { form: 'absolute', scheme: 'http', authority: 'A.example:81', path: '/' }],
    ['GET', 'http://a?b', { form: 'absolute', scheme: 'http', authority: 'a', path: '/?b' }],
    ['GET', 'http://[::1]:81/b//c', { form: 'absolute', scheme: 'http', authority: '[::1]:81', path: '/b//c' }],
    ['OPTIONS', 'http://a', { form: 'absolute', scheme: 'http', authority: 'a', path: '*' }],
    ['OPTIONS', 'http://a/', { form: 'absolute', scheme: 'http', authority: 'a', path: '/' }],
    ['CONNECT', 'a.example:443', { form: 'authority', host: 'a.example', port: 443 }],
    ['CONNECT', '[::1]:65535', { form: 'authority', host: '::1', port: 65_535 }],
  ])('%s %s', (method, target, expected) => {
    expect(parseTarget(method, target)).toEqual(expected);
  });

  it.each([
    ['GET', ''],
    ['GET', '*'],
    ['GET', 'a'],
    ['GET', '?a'],
    ['GET', 'a:80'],
    ['GET', 'http:/a'],
    ['GET', 'http://'],
    ['GET', 'http://a@b/'],
    ['GET', 'http://a,b/'],
    ['GET', 'http://a\\b/'],
    ['GET', 'http://[a/'],
    ['GET', 'http://a:b/'],
    ['GET', 'http://a/#b'],
    ['GET', '/#a'],
    ['GET', 'x+y://a/'],
    ['CONNECT', '/'],
    ['CONNECT', 'a'],
    ['CONNECT', 'a:'],
    ['CONNECT', 'a:0'],
    ['CONNECT', 'a:65536'],
    ['CONNECT', '::1:443'],
    ['CONNECT', 'u@a:443'],
    ['CONNECT', 'http://a:443'],
  ])('refuses %s %s', (method, target) => {
    expect(() => parseTarget(method, target)).toThrow(HttpError);
  });

  it('throws nothing but HttpError', () => {
    fc.assert(
      fc.property(fc.constantFrom('GET', 'CONNECT', 'OPTIONS'), fc.string(), (method, target) => {
        try {
          parseTarget(method, target);
        } catch (error) {
          expect(error).toBeInstanceOf(HttpError);
        }
      }),
    );
  });
});

describe('isHostText', () => {
  it.each(['', 'a', 'a.example:80', 'a:', '[::1]', '[::ffff:1.2.3.4]:80', '127.0.0.1', 'a_b', 'a%20b'])(
    '%j',
    (text) => {
      expect(isHostText(text)).toBe(true);
    },
  );

  it.each(['a b', 'a,b', 'a/b', 'u@a', 'a:b', 'a:123456', '::1', '[::1', '[g]', 'a#b', 'a?b', 'a\\b', '\xe4', 'a\0'])(
    'not %j',
    (text) => {
      expect(isHostText(text)).toBe(false);
    },
  );
});
