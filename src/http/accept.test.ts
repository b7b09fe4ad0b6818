import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseMediaType } from './accept.ts';

const OFFERS = ['text/plain', 'text/html', 'application/json'] as const;

describe('chooseMediaType', () => {
  it.each([
    [undefined, 'text/plain'],
    ['', 'text/plain'],
    ['*/*', 'text/plain'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
    ['application/json', 'application/json'],
    ['application/json, text/plain, */*', 'text/plain'],
    ['application/json, */*', 'application/json'],
    ['application/json;q=0.5, text/html;q=0.4', 'application/json'],
    ['text/html;q=0.4, application/json;q=0.5', 'application/json'],
    ['TEXT/HTML', 'text/html'],
    ['text/*', 'text/plain'],
    ['text/plain;q=0.1, text/*', 'text/html'],
    ['text/plain;q=0, */*;q=0.1', 'text/html'],
    ['*/*;q=0.9, text/html;q=0.8', 'text/plain'],
    ['text/html ; charset=utf-8 ; q=1.000', 'text/html'],
    ['text/html;Q=0.001', 'text/html'],
    ['text/html;q=2, application/json;q=0.1', 'application/json'],
    ['text/html;q=, application/json;q=0.1', 'application/json'],
    ['text/html;q=0.1234, application/json;q=0.1', 'application/json'],
    [',,;q=1,/,text/html', 'text/html'],
    ['image/png', null],
    ['text/html;q=0', null],
    ['*/*;q=0.000', null],
    ['nonsense', null],
  ])('%s → %s', (accept, expected) => {
    expect(chooseMediaType(accept, OFFERS)).toBe(expected);
  });

  it('offers nothing where there is nothing', () => {
    expect(chooseMediaType('*/*', [])).toBeNull();
    expect(chooseMediaType(undefined, [])).toBeNull();
  });

  it('gives one of the offers or null for any bytes, and quickly', () => {
    fc.assert(
      fc.property(fc.string(), (accept) => {
        const chosen = chooseMediaType(accept, OFFERS);
        expect(chosen === null || OFFERS.includes(chosen)).toBe(true);
      }),
    );
    const start = performance.now();
    for (const hostile of [','.repeat(32_768), ';'.repeat(32_768), 'a/b;q=0.1,'.repeat(3_000)]) {
      chooseMediaType(hostile, OFFERS);
    }
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('prefers the higher quality among types that are named', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 1000 }), (html, json) => {
        fc.pre(html !== json);
        const accept = `text/html;q=${html / 1000}, application/json;q=${json / 1000}`;
        expect(chooseMediaType(accept, OFFERS)).toBe(html > json ? 'text/html' : 'application/json');
      }),
    );
  });
});
