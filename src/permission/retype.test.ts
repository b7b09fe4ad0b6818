import { describe, expect, it } from 'vitest';
import { withPort } from './retype.ts';

describe('withPort', () => {
  it.each([
    ['lowport 3000', 'lowport 3000 --port 8080'],
    ['lowport 80', 'lowport 80 --port 8080'],
    ['lowport 3000 --port 80', 'lowport 3000 --port 8080'],
    ['lowport 3000 --port=80', 'lowport 3000 --port=8080'],
    ['lowport --port 80 --port 443', 'lowport --port 8080 --port 443'],
    ['lowport --host 10.0.0.1:80 3000', 'lowport --host 10.0.0.1:8080 3000'],
    ['lowport --host=[::1]:80', "lowport '--host=[::1]:8080'"],
    ['lowport --host ::80 3000', 'lowport --host ::80 3000 --port 8080'],
    ['lowport --host 10.0.0.80 3000', 'lowport --host 10.0.0.80 3000 --port 8080'],
    ['lowport --target http://a:80', 'lowport --target http://a:80 --port 8080'],
  ])('turns %j into %j', (command, expected) => {
    expect(withPort(command.split(' '), 80, 8080)).toBe(expected);
  });
});
