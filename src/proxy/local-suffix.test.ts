import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripLocalSuffix } from './local-suffix.ts';

describe('stripLocalSuffix', () => {
  it.each([
    ['example.com.local', 'example.com', 80],
    ['Example.COM.Local', 'example.com', 80],
    ['example.com.local.', 'example.com', 80],
    ['example.com.local:8080', 'example.com', 8080],
    ['example.com.local.:8080', 'example.com', 8080],
    ['www.example.com.local:443', 'www.example.com', 443],
    ['xn--bcher-kva.example.local', 'xn--bcher-kva.example', 80],
    ['my_host.example.local', 'my_host.example', 80],
    ['3com.com.local', '3com.com', 80],
  ])('%s means %s:%i', (authority, host, port) => {
    expect(stripLocalSuffix(authority)).toEqual({ host, port });
  });

  it.each([
    'printer.local',
    'printer.local.',
    'printer.local:631',
    '.local',
    'local',
    'example.com',
    'example.com.locale',
    'example.com.local.test',
    '.com.local',
    'example..local',
    'example.com..local',
    'example.com.local..',
    'example.com.local:',
    'example.com.local:0',
    'example.com.local:80x',
    'example.com.local:65536',
    'example.com.local:80:80',
    '127.0.0.1.local',
    '127.1.local',
    '0x7f.0x1.local',
    'example.0x.local',
    'example.1.local',
    '[::1].local',
    '::1.local',
    'a b.com.local',
    'user@example.com.local',
    'example.com/.local',
    'exa%6dple.com.local',
    'bücher.example.local',
    `${'a'.repeat(64)}.com.local`,
    `${'a.'.repeat(130)}com.local`,
    '',
  ])('leaves %s alone', (authority) => {
    expect(stripLocalSuffix(authority)).toBeNull();
  });

  it('never throws, and gives only names that are at least two labels and end in no number', () => {
    const pieces = fc.constantFrom('.local', 'example', '.', ':', '80', '1', '0x7f', 'COM', '[', ']', '%', '-', ' ');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((list) => list.join('')),
        ),
        (text) => {
          const result = stripLocalSuffix(text);
          if (result === null) return;
          expect(result.host).toMatch(/^[a-z0-9_.-]+\.[a-z0-9_-]+$/);
          expect(result.host).not.toMatch(/\.(\d+|0x[0-9a-f]*)$/);
          expect(result.port).toBeGreaterThan(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
