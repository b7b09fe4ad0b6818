import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkPartialHead,
  findHeadEnd,
  parseFields,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './head.ts';
import { HttpError } from './http-error.ts';

function requestHead(text: string): RequestHead {
  const bytes = Buffer.from(text, 'latin1');
  return parseRequestHead(bytes, 0, bytes.length, LIMITS);
}

function responseHead(text: string, maxFields: number): ResponseHead {
  const bytes = Buffer.from(text, 'latin1');
  return parseResponseHead(bytes, 0, bytes.length, maxFields);
}

const LIMITS = { maxHeadBytes: 32_768, maxFields: 3, maxTargetBytes: 20 };

function statusOf(run: () => unknown): number | null {
  try {
    run();
    return null;
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

describe('findHeadEnd', () => {
  it('finds the same end however much was looked at before', () => {
    const bytes = Buffer.from('xxGET / HTTP/1.1\r\nA: b\r\n\r\nbody\r\n\r\n');
    const end = bytes.indexOf('body');
    for (let scanned = 0; scanned < end; scanned++)
      expect(findHeadEnd(bytes, Math.max(2, scanned - 3), bytes.length)).toBe(end);
    for (let length = 0; length < end; length++) expect(findHeadEnd(bytes, 2, length)).toBe(-1);
  });

  it('finds what a plain search finds', () => {
    const text = fc.array(fc.constantFrom('\r', '\n', 'a'), { maxLength: 40 }).map((bytes) => bytes.join(''));
    fc.assert(
      fc.property(text, fc.nat({ max: 10 }), (received, from) => {
        const found = received.indexOf('\r\n\r\n', from);
        const bytes = Buffer.from(received);
        expect(findHeadEnd(bytes, from, bytes.length)).toBe(found < 0 ? -1 : found + 4);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('checkPartialHead', () => {
  it.each(['GET / HTTP/1.1\n', 'GET / HTTP/1.1\r\nHost: a\n', '\n'])('refuses %j at once', (text) => {
    expect(statusOf(() => checkPartialHead(Buffer.from(text), 0))).toBe(400);
  });

  it('lets what may yet become a head wait', () => {
    const head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    for (let length = 0; length <= head.length; length++) checkPartialHead(Buffer.from(head.slice(0, length)), 0);
  });
});

describe('parseRequestHead', () => {
  it('keeps target, names, values, order and duplicates as they came', () => {
    const head = requestHead('GET /%2F?a=%20 HTTP/1.1\r\nhOST: a\r\nX: 1\r\nX:\t2 \r\n\r\n');
    expect(head).toMatchObject({ method: 'GET', target: '/%2F?a=%20', version: '1.1' });
    const { fields } = head;
    expect([0, 1, 2].map((index) => [fields.name(index), fields.value(index)])).toEqual([
      ['hOST', 'a'],
      ['X', '1'],
      ['X', '2'],
    ]);
  });

  it.each([
    [400, 'a malformed method', 'G(T / HTTP/1.1\r\n\r\n'],
    [400, 'a malformed version', 'GET / HTTQ/1.1\r\n\r\n'],
    [414, 'a long target', `GET /${'a'.repeat(20)} HTTP/1.1\r\n\r\n`],
    [431, 'too many fields', 'GET / HTTP/1.1\r\nA: 1\r\nA: 2\r\nA: 3\r\nA: 4\r\n\r\n'],
    [501, 'an unknown method', 'BREW / HTTP/1.1\r\n\r\n'],
    [505, 'another version', 'GET / HTTP/3.0\r\n\r\n'],
  ])('answers %i to %s', (status, _name, text) => {
    expect(statusOf(() => requestHead(text))).toBe(status);
  });

  it('takes a target and fields at their limits', () => {
    const text = `GET /${'a'.repeat(19)} HTTP/1.1\r\nA: 1\r\nA: 2\r\nA: 3\r\n\r\n`;
    expect(requestHead(text).fields.length).toBe(3);
  });

  it('throws nothing but HttpError, whatever the bytes', () => {
    const bytes = fc
      .array(fc.integer({ min: 0, max: 255 }))
      .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''));
    fc.assert(
      fc.property(bytes, (text) => {
        statusOf(() => requestHead(`${text}\r\n\r\n`));
        statusOf(() => requestHead(`GET / HTTP/1.1\r\n${text}\r\n\r\n`));
        statusOf(() => responseHead(`${text}\r\n\r\n`, 3));
      }),
    );
  });
});

describe('parseResponseHead', () => {
  it('reads status and reason', () => {
    expect(responseHead('HTTP/1.0 404 Not  here \xe4\r\n\r\n', 3)).toMatchObject({
      version: '1.0',
      status: 404,
      reason: 'Not  here \xe4',
    });
    expect(responseHead('HTTP/1.1 200 \r\n\r\n', 3).reason).toBe('');
    expect(responseHead('HTTP/1.1 200\r\n\r\n', 3).reason).toBe('');
  });

  it.each(['HTTP/1.1 200OK\r\n\r\n', 'HTTP/1.1  200 OK\r\n\r\n', 'HTTP/1.1 2x0 OK\r\n\r\n', 'HTTP/1.1\r\n\r\n'])(
    'refuses %j',
    (text) => {
      expect(statusOf(() => responseHead(text, 3))).not.toBeNull();
    },
  );
});

describe('parseFields', () => {
  it('gives back the lines it read', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}$/);
    const value = fc.stringMatching(/^(?:[!-~\x80-\xff]([ \t!-~\x80-\xff]{0,9}[!-~\x80-\xff])?)?$/);
    const blank = fc.stringMatching(/^[ \t]{0,3}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, blank, value, blank), { maxLength: 20 }), (lines) => {
        const text = lines.map(([n, before, v, after]) => `${n}:${before}${v}${after}\r\n`).join('');
        const fields = parseFields(Buffer.from(`${text}\r\n`, 'latin1'), 20);
        expect(lines.map((_, index) => [fields.name(index), fields.value(index)])).toEqual(
          lines.map(([n, , v]) => [n, v]),
        );
        expect(fields.lines(() => true)).toBe(text);
      }),
    );
  });
});
