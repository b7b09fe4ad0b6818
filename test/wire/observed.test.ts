import { describe, expect, it } from 'vitest';
import { closedPort, routeTo, startProxy, targetTo, wire } from '../support/wire.ts';
import { startLine, valuesOf } from '../support/wire-text.ts';

/** What lowport says itself: error pages to clients, and the access log. */

describe('an error page', () => {
  it.each([
    ['text/html', 'text/html; charset=utf-8'],
    ['application/json', 'application/json'],
    ['*/*', 'text/plain; charset=utf-8'],
    [null, 'text/plain; charset=utf-8'],
  ])('comes as %s asks, with the request’s id, and tells nothing of the inside', async (accept, contentType) => {
    const port = await closedPort();
    const proxy = await startProxy({ routes: [routeTo(targetTo(port))] });
    const client = await proxy.connect();
    client.send(`GET /secret HTTP/1.1\r\nHost: a\r\n${accept === null ? '' : `Accept: ${accept}\r\n`}\r\n`);
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 502 Bad Gateway');
    expect(valuesOf(head, 'Content-Type')).toEqual([contentType]);
    expect(valuesOf(head, 'Cache-Control')).toEqual(['no-store']);
    const id = proxy.access[0]?.requestId ?? 'none';
    expect(valuesOf(head, 'X-Request-Id')).toEqual([id]);
    expect(body).toContain(id);
    expect(head + body).not.toMatch(new RegExp(`127\\.0\\.0\\.1|${port}|ECONNREFUSED|secret|lowport/|node`, 'i'));
    expect(proxy.access[0]?.error).toContain('ECONNREFUSED');
  });

  it('to HEAD has no body, and the connection stays', async () => {
    const { client } = await wire({ routes: [routeTo(targetTo(await closedPort()))] });
    for (let round = 0; round < 2; round++) {
      client.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
      const head = await client.readHead();
      expect(startLine(head)).toBe('HTTP/1.1 502 Bad Gateway');
      expect(Number(valuesOf(head, 'Content-Length')[0])).toBeGreaterThan(0);
    }
    expect(await client.peek(30)).toBe('');
  });

  it('in HTTP/1.0 says whether the connection stays', async () => {
    const { client } = await wire({ routes: [routeTo(targetTo(await closedPort()))] });
    client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
    expect(valuesOf((await client.readMessage()).head, 'Connection')).toEqual(['keep-alive']);
    client.send('GET / HTTP/1.0\r\nHost: a\r\n\r\n');
    expect(valuesOf((await client.readToEnd()).text, 'Connection')).toEqual(['close']);
  });
});

describe('the access log', () => {
  it.each([
    ['\x16\x03\x01', 400],
    ['GET / HTTP/1.1\r\nHost : a\r\n\r\n', 400],
    [`GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ])('has an entry for what never became a request: %#', async (bytes, status) => {
    const { client, proxy } = await wire();
    client.send(bytes);
    const { text } = await client.readToEnd();
    const [entry] = proxy.access;
    expect(proxy.access).toHaveLength(1);
    expect(entry).toMatchObject({ status, method: '-', target: '-', client: '127.0.0.1', upstream: '' });
    expect(text).toContain(entry?.requestId);
    expect(entry?.bytesOut).toBe(text.length);
  });

  it('keeps no password that stands in a URL', async () => {
    const { client, proxy } = await wire();
    client.send('GET http://u:secret@a/b HTTP/1.1\r\nHost: a\r\nReferer: https://v:secret@c/d?e\r\n\r\n');
    await client.readToEnd();
    expect(proxy.access[0]).toMatchObject({ target: 'http://a/b', referer: 'https://c/d?e' });
  });

  it('has one entry for each exchange, with its bytes on the wire', async () => {
    const { origin, client, proxy } = await wire();
    const upstream = origin.accept();
    const sizes: [number, number][] = [];
    for (const [request, response] of [
      [
        'GET /a?b HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\nReferer: r\r\n\r\n',
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      ],
      ['POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello', 'HTTP/1.1 204 No Content\r\n\r\n'],
      [
        'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\n\r\n',
        'HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      ],
    ] as const) {
      client.send(request);
      await (await upstream).readMessage();
      (await upstream).send(response);
      const { head, body } = await client.readMessage();
      sizes.push([request.length, head.length + body.length]);
    }
    expect(proxy.access.map((entry) => [entry.bytesIn, entry.bytesOut])).toEqual(sizes);
    expect(proxy.access.map((entry) => entry.status)).toEqual([200, 204, 404]);
    expect(proxy.access[0]).toMatchObject({
      client: '127.0.0.1',
      method: 'GET',
      target: '/a?b',
      host: 'h',
      httpVersion: '1.1',
      route: '*',
      upstream: `http://127.0.0.1:${origin.port}`,
      referer: 'r',
      userAgent: 'u',
      error: '',
    });
    for (const { firstByte, duration } of proxy.access) {
      expect(firstByte).toBeGreaterThan(0);
      expect(duration).toBeGreaterThanOrEqual(firstByte ?? Number.POSITIVE_INFINITY);
    }
    expect(new Set(proxy.access.map((entry) => entry.requestId)).size).toBe(3);
  });

  it('tells pipelined requests apart', async () => {
    const { origin, client, proxy } = await wire();
    origin.serve('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const requests = [
      'GET /first HTTP/1.1\r\nHost: h\r\n\r\n',
      'POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n1234567',
      'GET /3 HTTP/1.1\r\nHost: h\r\n\r\n',
    ];
    client.send(requests.join(''));
    const answers: number[] = [];
    for (const _ of requests) {
      const { head, body } = await client.readMessage();
      answers.push(head.length + body.length);
    }
    expect(proxy.access.map((entry) => entry.bytesIn)).toEqual(requests.map((request) => request.length));
    expect(proxy.access.map((entry) => entry.bytesOut)).toEqual(answers);
  });

  it('has what lowport answered itself, without a first byte from anywhere', async () => {
    const { client, proxy } = await wire({ routes: [] });
    client.send('GET /nothing HTTP/1.1\r\nHost: h\r\n\r\n');
    const { head, body } = await client.readMessage();
    expect(proxy.access).toHaveLength(1);
    expect(proxy.access[0]).toMatchObject({ status: 404, firstByte: null, upstream: '', target: '/nothing' });
    expect(proxy.access[0]?.bytesOut).toBe(head.length + body.length);
  });

  it('has a tunnel with the bytes that went through it', async () => {
    const { origin, client, proxy } = await wire();
    const request = 'GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    client.send(request);
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const head = await client.readHead();
    client.send('12345');
    await upstream.readUntil('12345');
    upstream.send('1234567');
    await client.read(7);
    client.end();
    upstream.end();
    await client.readToEnd();
    await expect.poll(() => proxy.access.length).toBe(1);
    expect(proxy.access[0]).toMatchObject({ status: 101, bytesIn: request.length + 5, bytesOut: head.length + 7 });
  });
});
