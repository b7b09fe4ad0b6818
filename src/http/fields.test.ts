import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldKind, type FieldList } from './fields.ts';
import { parseFields } from './head.ts';

const parse = (...lines: string[]): FieldList =>
  parseFields(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), 100);

describe('the kind of a field', () => {
  it.each([
    ['Host', FieldKind.host],
    ['HOST', FieldKind.host],
    ['content-length', FieldKind.contentLength],
    ['tRANSFER-eNCODING', FieldKind.transferEncoding],
    ['TE', FieldKind.te],
    ['X-Forwarded-For', FieldKind.xForwardedFor],
    ['x-forwarded-anything', FieldKind.xForwardedOther],
    ['X-Forwarded', FieldKind.other],
    ['X-Forwarded-', FieldKind.xForwardedOther],
    ['Content-Length2', FieldKind.other],
    ['Content_Length', FieldKind.other],
    ['H\u006fs', FieldKind.other],
    ['X', FieldKind.other],
  ])('%s', (name, kind) => {
    expect(parse(`${name}: v`).kind(0)).toBe(kind);
  });

  it('is the same in any case', () => {
    const names = fc.constantFrom('connection', 'keep-alive', 'upgrade', 'expect', 'via', 'forwarded', 'max-forwards');
    fc.assert(
      fc.property(names, fc.infiniteStream(fc.boolean()), (name, upper) => {
        const spelled = [...name]
          .map((letter) => (upper.next().value === true ? letter.toUpperCase() : letter))
          .join('');
        const kind = parse(`${spelled}: v`).kind(0);
        expect(kind).not.toBe(FieldKind.other);
        expect(kind).toBe(parse(`${name}: v`).kind(0));
      }),
    );
  });
});

describe('FieldList', () => {
  const fields = parse('Via: a', 'X-A: 1', 'via: b', 'Host:', 'x-a: 2');

  it('finds by kind', () => {
    expect(fields.length).toBe(5);
    expect(fields.has(FieldKind.via)).toBe(true);
    expect(fields.has(FieldKind.te)).toBe(false);
    expect(fields.count(FieldKind.via)).toBe(2);
    expect(fields.count(FieldKind.te)).toBe(0);
    expect(fields.first(FieldKind.via)).toBe('a');
    expect(fields.first(FieldKind.host)).toBe('');
    expect(fields.first(FieldKind.te)).toBeUndefined();
    expect(fields.joined(FieldKind.via)).toBe('a, b');
    expect(fields.joined(FieldKind.te)).toBeUndefined();
  });

  it('finds by name', () => {
    expect(fields.named('x-a')).toBe('1');
    expect(fields.named('x-b')).toBeUndefined();
  });

  it('copies the lines that are kept, as they came', () => {
    expect(fields.lines(() => false)).toBe('');
    expect(fields.lines((kind) => kind !== FieldKind.via)).toBe('X-A: 1\r\nHost:\r\nx-a: 2\r\n');
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }), (keep) => {
        const all = ['Via: a', 'X-A: 1', 'via: b', 'Host:', 'x-a: 2'];
        const expected = all.filter((_, index) => keep[index] === true).map((line) => `${line}\r\n`);
        expect(fields.lines((_kind, index) => keep[index] === true)).toBe(expected.join(''));
      }),
    );
  });
});
