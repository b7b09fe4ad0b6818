import { expect, it } from 'vitest';
import { BackOff } from './back-off.ts';

it('doubles from 100 ms to 5 s, and begins again after a healthy life', () => {
  const backOff = new BackOff();
  expect([0, 0, 0, 0, 0, 0, 0, 0].map((lived) => backOff.next(lived))).toEqual([
    100, 200, 400, 800, 1600, 3200, 5000, 5000,
  ]);
  expect(backOff.next(10_000)).toBe(100);
  expect(backOff.next(9_999)).toBe(200);
});
