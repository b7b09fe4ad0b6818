import { describe, expect, it } from 'vitest';
import { routeTo, startOrigin, startProxy, wire } from '../support/wire.ts';
import { startLine } from '../support/wire-text.ts';

/** Requests that come before the earlier ones are answered. */

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const chunked = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body.length}\r\n${body}\r\n0\r\n\r\n`;
const answer = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

describe('pipelined requests', () => {
  it('are answered in order, one at a time upstream', async () => {
    const { origin, client } = await wire();
    client.send(get('/1') + post('/2', 'two') + chunked('/3', 'three') + get('/4'));
    const upstream = await origin.accept();
    for (const [path, body] of [
      ['GET /1', ''],
      ['POST /2', 'two'],
      ['POST /3', '5\r\nthree\r\n0\r\n\r\n'],
      ['GET /4', ''],
    ] as const) {
      const request = await upstream.readMessage();
      expect(startLine(request.head)).toBe(`${path} HTTP/1.1`);
      expect(request.body).toBe(body);
      expect(await upstream.peek(30)).toBe('');
      upstream.send(answer(path));
      expect((await client.readMessage()).body).toBe(path);
    }
    expect(origin.accepted).toBe(1);
  });

  it('wait for a slow one before them', async () => {
    const slow = await startOrigin();
    const fast = await startOrigin();
    const proxy = await startProxy({
      routes: [{ ...routeTo(slow.target), path: '/slow' }, routeTo(fast.target)],
    });
    const client = await proxy.connect();
    client.send(get('/slow') + get('/fast'));
    const upstream = await slow.accept();
    await upstream.readHead();
    expect(await client.peek(50)).toBe('');
    upstream.send(answer('slow'));
    expect((await client.readMessage()).body).toBe('slow');
    (await fast.accept()).send(answer('fast'));
    expect((await client.readMessage()).body).toBe('fast');
  });

  it('are answered though the origin takes a new connection for each', async () => {
    const { origin, client } = await wire();
    client.send([1, 2, 3, 4, 5].map((n) => get(`/${n}`)).join(''));
    for (let n = 1; n <= 5; n++) {
      const upstream = await origin.accept();
      expect(startLine(await upstream.readHead())).toBe(`GET /${n} HTTP/1.1`);
      upstream.send('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
      upstream.send(String(n));
      upstream.end();
      expect((await client.readMessage()).body).toBe(`1\r\n${n}\r\n0\r\n\r\n`);
    }
  });

  it('are answered where lowport does it itself', async () => {
    const proxy = await startProxy({ routes: [] });
    const client = await proxy.connect();
    client.send(get('/') + get('/nothing') + get('/'));
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 200 OK');
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 404 Not Found');
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 200 OK');
  });

  it('end with the one that wants to close', async () => {
    const { origin, client } = await wire();
    client.send(`GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${get('/2')}`);
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send(answer('one'));
    expect((await client.readToEnd()).text).toMatch(/^HTTP.*\r\n\r\none$/s);
    expect(await upstream.peek(50)).toBe('');
    expect(origin.accepted).toBe(1);
  });

  it('end with a malformed one, after the answers before it', async () => {
    const { origin, client } = await wire();
    client.send(`${get('/1')}GET /2 HTTP/1.1\r\nHost : a\r\n\r\n${get('/3')}`);
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send(answer('one'));
    expect((await client.readMessage()).body).toBe('one');
    expect((await client.readToEnd()).text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(await upstream.peek(50)).toBe('');
  });

  it.each(['GET', 'POST'])('%s does not take over a connection on which the origin said too much', async (method) => {
    const { origin, client } = await wire();
    client.send(`${get('/1')}${method} /2 HTTP/1.1\r\nHost: a\r\n\r\n`);
    (await origin.accept()).send(`${answer('one')}${answer('evil')}`);
    expect((await client.readMessage()).body).toBe('one');
    const fresh = await origin.accept();
    expect(startLine(await fresh.readHead())).toBe(`${method} /2 HTTP/1.1`);
    fresh.send(answer('two'));
    expect((await client.readMessage()).body).toBe('two');
  });

  it('beyond what is kept hold the client, and none is lost', async () => {
    const { origin, client } = await wire();
    const padding = 'x'.repeat(1_000);
    const count = 2_000;
    for (let n = 0; n < count; n++) client.send(`GET /${n} HTTP/1.1\r\nHost: a\r\nX: ${padding}\r\n\r\n`);
    const upstream = await origin.accept();
    let last = '';
    for (let n = 0; n < count; n++) {
      last = startLine(await upstream.readHead());
      upstream.send(answer(String(n)));
      expect((await client.readMessage()).body).toBe(String(n));
    }
    expect(last).toBe(`GET /${count - 1} HTTP/1.1`);
  });
});
