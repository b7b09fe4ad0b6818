import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessEntry } from '../proxy/options.ts';
import { combinedLine, jsonLine } from './access-log.ts';

const entry: AccessEntry = {
  time: Date.UTC(2026, 9, 10, 13, 55, 36, 7),
  requestId: 'r1',
  client: '192.0.2.7',
  method: 'GET',
  target: '/a?b=c',
  host: 'example.com',
  httpVersion: '1.1',
  status: 200,
  bytesIn: 80,
  bytesOut: 2326,
  duration: 1.23456,
  firstByte: null,
  route: '/',
  upstream: '127.0.0.1:3000',
  referer: '',
  userAgent: 'curl/8',
  error: '',
};

const hostile: AccessEntry = {
  ...entry,
  target: '/"\\\r\n\x1b\x7f\xff',
  userAgent: 'x'.repeat(30_000),
  referer: '漢'.repeat(10_000),
  host: '\0'.repeat(10_000),
};

describe('jsonLine', () => {
  it('holds every field, with ISO time', () => {
    expect(JSON.parse(jsonLine(entry))).toEqual({ ...entry, time: '2026-10-10T13:55:36.007Z', duration: 1.235 });
  });

  it('keeps hostile text as it was, in ASCII', () => {
    const line = jsonLine(hostile);
    expect(line).toMatch(/^[ -~]+\n$/);
    expect(JSON.parse(line).target).toBe(hostile.target);
  });
});

describe('combinedLine', () => {
  it("is Apache's", () => {
    expect(combinedLine(entry)).toBe(
      '192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET /a?b=c HTTP/1.1" 200 2326 "-" "curl/8"\n',
    );
  });

  it('escapes as Apache does', () => {
    expect(combinedLine(hostile)).toContain(String.raw`"GET /\"\\\x0d\x0a\x1b\x7f\xff HTTP/1.1"`);
  });
});

describe('every line', () => {
  it('is ASCII and fits into one atomic write', () => {
    const text = fc.string({ unit: 'binary', maxLength: 5_000 });
    fc.assert(
      fc.property(text, text, text, (target, referer, userAgent) => {
        for (const line of [jsonLine, combinedLine].map((format) =>
          format({ ...hostile, target, referer, userAgent }),
        )) {
          expect(line).toMatch(/^[ -~]+\n$/);
          expect(line.length).toBeLessThanOrEqual(4096);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('fits with every field at its longest', () => {
    const long = Object.fromEntries(
      Object.entries(entry).map(([key, value]) => [key, typeof value === 'string' ? '\x01'.repeat(9_000) : value]),
    );
    const widest = { ...entry, ...long, bytesIn: Number.MAX_SAFE_INTEGER, bytesOut: Number.MAX_SAFE_INTEGER };
    expect(jsonLine(widest).length).toBeLessThanOrEqual(4096);
    expect(combinedLine(widest).length).toBeLessThanOrEqual(4096);
  });
});
