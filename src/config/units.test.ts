import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatSize, MAX_DURATION, parseDuration, parseSize } from './units.ts';

describe('parseDuration', () => {
  it.each([
    ['30s', 30_000],
    ['500ms', 500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['1.5s', 1_500],
    ['0.5', 500],
    ['30 s', 30_000],
    ['15', 15_000],
    ['0', 0],
    ['0ms', 0],
  ])('reads %s', (text, milliseconds) => expect(parseDuration(text)).toEqual({ value: milliseconds }));

  it.each(['', 's', '-1s', '1e3', '1M', '1w', '1m30s', '1  s', '1.s', '.5s', 'Infinity', '0x10', '1s\n', '٣s'])(
    'refuses %j',
    (text) => expect(parseDuration(text)).toHaveProperty('fault'),
  );

  it('never turns a short time into none', () => expect(parseDuration('0.1ms')).toHaveProperty('fault'));

  it('refuses what setTimeout would cut', () => {
    expect(parseDuration('25d')).toHaveProperty('fault');
    expect(parseDuration('999999999999d')).toHaveProperty('fault');
  });

  it('reads what formatDuration writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_DURATION }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toEqual({ value: milliseconds });
      }),
    );
  });

  it('answers a whole number within bounds, or a fault, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d.]{0,15} ?[a-z]{0,2}$/)), (text) => {
        const parsed = parseDuration(text);
        if ('fault' in parsed) return;
        expect(Number.isInteger(parsed.value) && parsed.value >= 0 && parsed.value <= MAX_DURATION).toBe(true);
      }),
    );
  });
});

describe('parseSize', () => {
  it.each([
    ['32KiB', 32_768],
    ['8 kB', 8_000],
    ['8KB', 8_000],
    ['1MiB', 1_048_576],
    ['1.5KiB', 1_536],
    ['1.001kB', 1_001],
    ['1GB', 1_000_000_000],
    ['512', 512],
    ['512B', 512],
    ['0', 0],
  ])('reads %s', (text, bytes) => expect(parseSize(text)).toEqual({ value: bytes }));

  it.each(['', 'B', '-1', '1.5', '1kb', '1TB', '0.3B', '1,000'])('refuses %j', (text) =>
    expect(parseSize(text)).toHaveProperty('fault'),
  );

  it.each(['32K', '1m', '1 g', '4Ki'])('asks which size %s is', (text) =>
    expect(parseSize(text)).toEqual({ fault: expect.stringContaining('two sizes') }),
  );

  it('reads what formatSize writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (bytes) => {
        expect(parseSize(formatSize(bytes))).toEqual({ value: bytes });
      }),
    );
  });
});
