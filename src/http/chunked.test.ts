import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldPairs } from '../../test/support/lowport-parser.ts';
import { ChunkedDecoder } from './chunked.ts';
import type { FieldList } from './fields.ts';
import { HttpError } from './http-error.ts';

interface Decoded {
  readonly content: string;
  readonly trailers: [string, string][] | null;
  /** What was left over behind the body. */
  readonly rest: string;
}

/** Feeds `pieces` one after the other, as they might come from a socket. */
function decode(pieces: readonly string[]): Decoded | 'incomplete' | 'refused' {
  const decoder = new ChunkedDecoder();
  let content = '';
  let trailers: FieldList | null = null;
  let rest = '';
  const sink = {
    bodyData(bytes: Buffer, start: number, end: number): void {
      content += bytes.toString('latin1', start, end);
    },
    bodyEnd(fields: FieldList | null): void {
      trailers = fields;
    },
  };
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, 'latin1');
      rest += bytes.toString('latin1', decoder.decode(bytes, 0, bytes.length, sink));
    }
  } catch (error) {
    if (error instanceof HttpError) return 'refused';
    throw error;
  }
  return decoder.done ? { content, trailers: trailers === null ? null : fieldPairs(trailers), rest } : 'incomplete';
}

const BODY = '5\r\nhello\r\n00A;a=b;c="d\\"e"\r\n0123456789\r\n0\r\nX: y\r\nx:  z \r\n\r\n';
const WHOLE: Decoded = {
  content: 'hello0123456789',
  trailers: [
    ['X', 'y'],
    ['x', 'z'],
  ],
  rest: 'GET /',
};

describe('ChunkedDecoder', () => {
  it('reads content, extensions and trailers, and stops behind them', () => {
    expect(decode([`${BODY}GET /`])).toEqual(WHOLE);
    expect(decode(['0\r\n\r\n'])).toEqual({ content: '', trailers: null, rest: '' });
  });

  it('reads the same however the bytes are cut', () => {
    for (let cut = 1; cut < BODY.length; cut++) {
      expect(decode([BODY.slice(0, cut), `${BODY.slice(cut)}GET /`])).toEqual(WHOLE);
    }
    expect(decode([...BODY, 'GET /'])).toEqual(WHOLE);
  });

  it('is not done before the last byte', () => {
    for (let length = 0; length < BODY.length; length++) expect(decode([BODY.slice(0, length)])).toBe('incomplete');
  });

  it('comes to one verdict on damaged bytes however they are cut', () => {
    const damage = fc.tuple(fc.nat(BODY.length - 1), fc.integer({ min: 0, max: 255 }));
    const cuts = fc.array(fc.nat(BODY.length), { maxLength: 4 });
    fc.assert(
      fc.property(damage, cuts, ([at, code], positions) => {
        const text = BODY.slice(0, at) + String.fromCharCode(code) + BODY.slice(at + 1);
        const edges = [0, ...positions.sort((a, b) => a - b), text.length];
        const pieces = edges.slice(1).map((edge, index) => text.slice(edges[index], edge));
        expect(decode(pieces)).toEqual(decode([text]));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['extensions', `1;a="${'b'.repeat(5_000)}"\r\nx\r\n0\r\n\r\n`],
    ['extensions, all chunks together', `${'1;abcdef=ghijkl\r\nx\r\n'.repeat(400)}0\r\n\r\n`],
    ['one trailer', `0\r\nX: ${'y'.repeat(9_000)}\r\n\r\n`],
    ['trailers', `0\r\n${'X: y\r\n'.repeat(51)}\r\n`],
    ['a size', `${'0'.repeat(14)}1\r\nx\r\n0\r\n\r\n`],
  ])('bounds the length of %s', (_name, body) => {
    expect(decode([body])).toBe('refused');
  });

  it('reads hostile extensions in linear time', () => {
    const start = performance.now();
    expect(decode([`1;a="${'\\"'.repeat(2_000)}\r\nx\r\n0\r\n\r\n`])).toBe('refused');
    expect(decode([`1${';a=b'.repeat(1_000)};\r\nx\r\n0\r\n\r\n`])).toBe('refused');
    expect(performance.now() - start).toBeLessThan(200);
  });
});
