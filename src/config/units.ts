import { type Parsed, quote } from './parsed.ts';

/** Milliseconds per unit, the largest first. */
const DURATION_UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** Bytes per unit; powers of 1024 first, because that is how sizes are printed. */
const SIZE_UNITS: readonly (readonly [string, number])[] = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['GB', 1000 ** 3],
  ['MB', 1000 ** 2],
  ['kB', 1000],
  ['B', 1],
];

/** The longest delay that setTimeout takes (2^31 - 1 ms); beyond it, it fires at once. */
export const MAX_DURATION = 2_147_483_647;

/** What `parseDuration` and `parseSize` take, for the JSON Schema. */
export const DURATION_PATTERN = /^\d{1,12}(\.\d{1,3})? ?(ms|s|m|h|d)?$/;
export const SIZE_PATTERN = /^\d{1,12}(\.\d{1,3})? ?([KMG]iB|[kKMG]?B)?$/;

/** `500ms`, `30s`, `2m`, `1h`, `1d`; a plain number is seconds, 0 means off. Answers milliseconds, whole. */
export function parseDuration(text: string): Parsed<number> {
  const parts = split(text, DURATION_PATTERN);
  if (parts === null) return { fault: `${quote(text)} is not a duration: write 500ms, 30s, 2m or 1h` };
  const unit = DURATION_UNITS.find(([name]) => name === parts.unit)?.[1] ?? 1_000;
  const duration = Math.round(parts.amount * unit);
  // 0 switches a time-out off, which is not what somebody means who asks for a very short one.
  if (duration === 0 && parts.amount > 0) return { fault: `${quote(text)} is less than 1ms` };
  if (duration > MAX_DURATION) return { fault: `${quote(text)} is more than 24 days` };
  return { value: duration };
}

/** `32KiB` (1024), `8 kB` (1000), `1MiB`; a plain number is bytes. Answers bytes, whole. */
export function parseSize(text: string): Parsed<number> {
  const letter = /^[\d.]+ ?([kmg])i?$/i.exec(text)?.[1]?.toUpperCase();
  if (letter !== undefined) {
    const decimal = letter === 'K' ? 'kB' : `${letter}B`;
    return { fault: `${quote(text)} may mean two sizes: its unit is ${letter}iB (of 1024) or ${decimal} (of 1000)` };
  }
  const parts = split(text, SIZE_PATTERN);
  if (parts === null) return { fault: `${quote(text)} is not a size: write 32KiB, 8kB or a number of bytes` };
  const name = parts.unit === 'KB' ? 'kB' : parts.unit;
  // In thousandths, which are whole: 1.001 * 1000 is not.
  const size = (Math.round(parts.amount * 1000) * (SIZE_UNITS.find(([unit]) => unit === name)?.[1] ?? 1)) / 1000;
  if (!Number.isInteger(size)) return { fault: `${quote(text)} is not a whole number of bytes` };
  return { value: size };
}

/** The shortest text that `parseDuration` reads as the same: `15s`, `500ms`, `0`. */
export function formatDuration(milliseconds: number): string {
  return format(milliseconds, DURATION_UNITS);
}

/** The shortest text that `parseSize` reads as the same: `32KiB`, `1000B`, `0`. */
export function formatSize(bytes: number): string {
  return format(bytes, SIZE_UNITS);
}

function split(text: string, pattern: RegExp): { amount: number; unit: string } | null {
  if (!pattern.test(text)) return null;
  const unit = text.replace(/^[\d.]+ ?/, '');
  return { amount: Number.parseFloat(text), unit };
}

function format(amount: number, units: readonly (readonly [string, number])[]): string {
  if (amount === 0) return '0';
  for (const [name, size] of units) if (amount % size === 0) return `${amount / size}${name}`;
  return String(amount);
}
