import { describe, expect, it } from 'vitest';
import { parseListenPlace, parseListenText, parseMode } from './listen.ts';

describe('parseListenPlace', () => {
  it.each([
    ['192.168.2.7', { kind: 'tcp', host: '192.168.2.7', port: null }],
    ['192.168.2.7:8080', { kind: 'tcp', host: '192.168.2.7', port: 8080 }],
    ['::', { kind: 'tcp', host: '::', port: null }],
    ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }],
    ['fe80::1%eth0', { kind: 'tcp', host: 'fe80::1%eth0', port: null }],
    ['*', { kind: 'tcp', host: null, port: null }],
    ['*:81', { kind: 'tcp', host: null, port: 81 }],
    ['localhost', { kind: 'tcp', host: 'localhost', port: null }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
  ])('reads %s', (text, value) => expect(parseListenPlace(text)).toEqual({ value }));

  it.each(['', '80', 'http://host', 'host:x', 'ho st', '127.1', '[::1', 'unix:x', '300.1.1.1'])('refuses %j', (text) =>
    expect(parseListenPlace(text)).toHaveProperty('fault'),
  );
});

describe('parseListenText', () => {
  it.each(['80', ':80'])('reads %s as a port of every address', (text) =>
    expect(parseListenText(text)).toEqual({ value: { kind: 'tcp', host: null, port: 80 } }),
  );

  it('refuses a port that is none', () => expect(parseListenText('65536')).toHaveProperty('fault'));
});

describe('parseMode', () => {
  it.each(['660', '0660', '0o660'])('reads %s', (text) => expect(parseMode(text)).toEqual({ value: 0o660 }));

  it.each(['', '66', '888', '4755', '0x1ff', 'rw'])('refuses %j', (text) =>
    expect(parseMode(text)).toHaveProperty('fault'),
  );
});
