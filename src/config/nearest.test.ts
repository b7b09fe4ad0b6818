import { describe, expect, it } from 'vitest';
import { nearest, suggestion } from './nearest.ts';

const KEYS = ['listen', 'routes', 'target', 'targets', 'limits', 'log', 'user'];

describe('nearest', () => {
  it.each([
    ['listn', 'listen'],
    ['tragets', 'targets'],
    ['Routes', 'routes'],
    ['usr', 'user'],
    ['lgo', 'log'],
  ])('takes %s for %s', (word, key) => expect(nearest(word, KEYS)).toBe(key));

  it.each(['', 'upstream', 'x', 'a'.repeat(1_000_000)])('has nothing for what is far off', (word) =>
    expect(nearest(word, KEYS)).toBeNull(),
  );

  it('words the suggestion', () => {
    expect(suggestion('usre', KEYS)).toBe('; did you mean user?');
    expect(suggestion('zzz', KEYS)).toBe('');
  });
});
