import { describe, expect, it } from 'vitest';
import { escapeControls } from './escape.ts';

describe('escapeControls', () => {
  it.each([
    ['plain ünïcode 漢', 'plain ünïcode 漢'],
    ['a\nb\r\t', 'a\\x0ab\\x0d\\x09'],
    ['\x1b[31mred', '\\x1b[31mred'],
    ['\x7f\x9b', '\\x7f\\x9b'],
    ['abc\u202ecba', 'abc\\u202ecba'],
    ['\u2028', '\\u2028'],
  ])('%j', (raw, shown) => {
    expect(escapeControls(raw)).toBe(shown);
  });
});
