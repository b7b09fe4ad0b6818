import { describe, expect, it } from 'vitest';
import { routeTo, startProxy, targetTo, VIA, type WireOptions, wire } from '../support/wire.ts';
import { fieldLines, startLine, valuesOf } from '../support/wire-text.ts';

/** Where a request came from, and where it may go no further. */

async function forwarded(options: WireOptions, ...lines: string[]): Promise<string> {
  const { origin, client } = await wire(options);
  client.send(`GET / HTTP/1.1\r\nHost: a.example\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
  return (await origin.accept()).readHead();
}

const CLAIMS = [
  'X-Forwarded-For: 203.0.113.7, 198.51.100.2',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: public.example',
  'X-Forwarded-Port: 443',
  'X-Forwarded-Prefix: /app',
  'Forwarded: for=203.0.113.7',
];

const TRUSTING: WireOptions = { trustProxy: ['127.0.0.0/8', '198.51.100.0/24'] };

describe('X-Forwarded-*', () => {
  it('replaces what a client claims', async () => {
    const head = await forwarded({}, ...CLAIMS, 'x-forwarded-for: 10.0.0.1');
    expect(valuesOf(head, 'X-Forwarded-For')).toEqual(['127.0.0.1']);
    expect(valuesOf(head, 'X-Forwarded-Proto')).toEqual(['http']);
    expect(valuesOf(head, 'X-Forwarded-Host')).toEqual(['a.example']);
    expect(valuesOf(head, 'X-Forwarded-Port')).toHaveLength(1);
    expect(valuesOf(head, 'X-Forwarded-Port')).not.toEqual(['443']);
    expect(valuesOf(head, 'X-Forwarded-Prefix')).toEqual([]);
    expect(valuesOf(head, 'Forwarded')).toEqual([]);
  });

  it('continues what a trusted proxy says', async () => {
    const head = await forwarded(TRUSTING, ...CLAIMS);
    expect(valuesOf(head, 'X-Forwarded-For')).toEqual(['203.0.113.7, 198.51.100.2, 127.0.0.1']);
    expect(valuesOf(head, 'X-Forwarded-Proto')).toEqual(['https']);
    expect(valuesOf(head, 'X-Forwarded-Host')).toEqual(['public.example']);
    expect(valuesOf(head, 'X-Forwarded-Port')).toEqual(['443']);
    expect(valuesOf(head, 'X-Forwarded-Prefix')).toEqual(['/app']);
    expect(valuesOf(head, 'Forwarded')).toEqual(['for=203.0.113.7']);
  });

  it('begins the chain for a trusted proxy that says nothing', async () => {
    const head = await forwarded(TRUSTING);
    expect(valuesOf(head, 'X-Forwarded-For')).toEqual(['127.0.0.1']);
    expect(valuesOf(head, 'X-Forwarded-Proto')).toEqual(['http']);
    expect(valuesOf(head, 'X-Forwarded-Host')).toEqual(['a.example']);
  });

  it('logs the client that the trusted chain names', async () => {
    const { origin, client, proxy } = await wire(TRUSTING);
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.7, 198.51.100.2\r\n\r\n`);
    (await origin.accept()).send('HTTP/1.1 204 No Content\r\n\r\n');
    await client.readHead();
    expect(proxy.access.map((entry) => entry.client)).toEqual(['203.0.113.7']);
  });
});

describe('Forwarded', () => {
  it('is sent where asked for, in place of what a client claims', async () => {
    const head = await forwarded({ forwarded: true }, ...CLAIMS);
    expect(valuesOf(head, 'Forwarded')).toEqual(['for=127.0.0.1;host="a.example";proto=http']);
  });

  it('continues a trusted chain', async () => {
    const head = await forwarded({ ...TRUSTING, forwarded: true }, ...CLAIMS);
    expect(valuesOf(head, 'Forwarded').join(', ')).toBe('for=203.0.113.7, for=127.0.0.1;host="a.example";proto=http');
  });
});

describe('addresses', () => {
  it.each([
    ['2001:db8::7', '2001:db8::7', '"[2001:db8::7]"'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ])('%s is written %s and %s', async (clientAddress, plain, node) => {
    const head = await forwarded({ clientAddress, forwarded: true });
    expect(valuesOf(head, 'X-Forwarded-For')).toEqual([plain]);
    expect(valuesOf(head, 'Forwarded')).toEqual([`for=${node};host="a.example";proto=http`]);
  });
});

describe('Via', () => {
  it('is added both ways, behind those that are there', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\nHost: a\r\nVia: 1.1 first\r\n\r\n');
    const upstream = await origin.accept();
    expect(valuesOf(await upstream.readHead(), 'Via')).toEqual(['1.1 first', `1.0 ${VIA}`]);
    upstream.send('HTTP/1.0 200 OK\r\nVia: 1.1 last\r\nContent-Length: 0\r\n\r\n');
    expect(valuesOf(await client.readHead(), 'Via')).toEqual(['1.1 last', `1.0 ${VIA}`]);
  });

  it('ends a loop with 508', async () => {
    const { origin, client } = await wire();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 other\r\nVia: 1.0 x, 1.1 ${VIA}\r\n\r\n`);
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 508 Loop Detected');
    expect(origin.accepted).toBe(0);
  });

  it('ends a loop of lowport in front of itself', async () => {
    const back = await startProxy({});
    const { client } = await wire({ routes: [routeTo(targetTo(back.port))] });
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 508 Loop Detected');
  });
});

describe('Max-Forwards', () => {
  it.each(['TRACE', 'OPTIONS'])('is counted down for %s', async (method) => {
    const { origin, client } = await wire();
    client.send(`${method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 3\r\n\r\n`);
    expect(valuesOf(await (await origin.accept()).readHead(), 'Max-Forwards')).toEqual(['2']);
  });

  it('is left alone for other methods', async () => {
    expect(valuesOf(await forwarded({}, 'Max-Forwards: 0'), 'Max-Forwards')).toEqual(['0']);
  });

  it('answers TRACE at 0 with the request, without its secrets', async () => {
    const { origin, client } = await wire();
    client.send('TRACE /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nX-A: 1\r\nCookie: s\r\nAuthorization: t\r\n\r\n');
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 200 OK');
    expect(valuesOf(head, 'Content-Type')).toEqual(['message/http']);
    expect(body).toBe('TRACE /x HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nX-A: 1\r\n\r\n');
    expect(origin.accepted).toBe(0);
  });

  it('answers OPTIONS at 0 itself, and the connection stays', async () => {
    const { origin, client } = await wire();
    client.send('OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n');
    const head = await client.readHead();
    expect(startLine(head)).toBe('HTTP/1.1 204 No Content');
    expect(fieldLines(head).filter((line) => line.startsWith('Connection'))).toEqual([]);
    client.send('OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(startLine(await (await origin.accept()).readHead())).toBe('OPTIONS * HTTP/1.1');
  });
});
