import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { wire } from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { startLine } from '../support/wire-text.ts';

/** What is cut short upstream must look cut short downstream, never complete. */

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const LENGTH = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello';
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';

const endings: readonly [string, (upstream: WirePeer) => void][] = [
  ['an end', (upstream) => upstream.end()],
  ['a reset', (upstream) => upstream.reset()],
];

describe.each(endings)('a response cut off by %s', (_name, cut) => {
  it('with a length', async () => {
    const { origin, client, proxy } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send(LENGTH);
    await client.readUntil('hello');
    cut(upstream);
    expect((await client.readToEnd()).text).toBe('');
    expect(proxy.warnings).toEqual(['response cut short']);
    expect(proxy.access[0]?.error).not.toBe('');
  });

  it('in chunks', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send(CHUNKED);
    await client.readUntil('hello\r\n');
    cut(upstream);
    expect((await client.readToEnd()).text).toBe('');
  });

  it('in the middle of a chunk', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send(`${CHUNKED}5\r\nwo`);
    await client.readUntil('wo\r\n');
    cut(upstream);
    expect((await client.readToEnd()).text).toBe('');
  });

  it('before its head', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    const upstream = await origin.accept();
    await upstream.readHead();
    cut(upstream);
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 502 Bad Gateway');
  });

  it('within its head', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send('HTTP/1.1 200 OK\r\nX: y\r\n');
    await delay(20);
    cut(upstream);
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 502 Bad Gateway');
  });
});

describe('a response whose end the client cannot tell from the connection’s', () => {
  it('is cut off by a reset', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    upstream.send(CHUNKED);
    await client.readUntil('hello');
    upstream.end();
    expect((await client.readToEnd()).ending).toBe('reset');
  });

  it('is cut off by a reset where the origin’s connection was reset', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\n\r\nhello');
    await client.readUntil('hello');
    upstream.reset();
    expect((await client.readToEnd()).ending).toBe('reset');
  });
});

describe('a malformed response', () => {
  it('of another protocol is found out at once, although it never ends its head', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    (await origin.accept()).send('SSH-2.0-OpenSSH_9.2\r\n');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 502 Bad Gateway');
  });

  it.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
    ['has two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    ['has length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['has an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello'],
    ['has a folded line', 'HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n'],
    ['has NUL in it', 'HTTP/1.1 200 OK\r\nX: \0\r\n\r\n'],
    ['has too large a head', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`],
    ['has an endless head', `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(40_000)}`],
    ['has too many fields', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(101)}\r\n`],
    ['switches protocols unasked', 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'],
  ])('that %s is answered 502', async (_name, response) => {
    const { origin, client } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send(response);
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 502 Bad Gateway');
    expect(body).not.toMatch(/SSH|Length|malformed|127\.0\.0\.1/);
    await upstream.readToEnd();
    client.send(GET);
    await origin.accept();
  });

  it('that turns out so in its chunks is cut short', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send(CHUNKED);
    await client.readUntil('hello\r\n');
    upstream.send('5 \r\nhello\r\n0\r\n\r\n');
    expect((await client.readToEnd()).text).toBe('');
  });
});

describe('a client that goes away', () => {
  it.each([
    ['before the answer', ''],
    ['within a body with a length', LENGTH],
    ['within a chunked body', CHUNKED],
  ])('%s ends the request upstream', async (_name, begun) => {
    for (const leave of [(peer: WirePeer) => peer.reset(), (peer: WirePeer) => peer.destroy()]) {
      const { origin, client, proxy } = await wire();
      client.send(GET);
      const upstream = await origin.accept();
      await upstream.readHead();
      if (begun !== '') {
        upstream.send(begun);
        await client.readUntil('hello');
      }
      leave(client);
      await upstream.readToEnd();
      expect(proxy.access.map((entry) => entry.error)).toEqual(['client closed the connection']);
      expect(proxy.proxy.connectionCount).toBe(0);
    }
  });

  it('within its own body ends the request upstream, and that does not look complete', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    const upstream = await origin.accept();
    await upstream.readUntil('hello\r\n');
    client.end();
    expect((await upstream.readToEnd()).text).toBe('');
  });
});
