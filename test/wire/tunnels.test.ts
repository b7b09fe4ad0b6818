import { describe, expect, it } from 'vitest';
import { forwardTo, startOrigin, startProxy, type WireOrigin, type WireProxy, wire } from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { ownLines, startLine, valuesOf } from '../support/wire-text.ts';

/** Connections that stop being HTTP: Upgrade (WebSocket) and CONNECT. */

const UPGRADE =
  'GET /chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n';
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: k\r\n\r\n';

interface Joined {
  readonly client: WirePeer;
  readonly upstream: WirePeer;
  readonly proxy: WireProxy;
}

async function upgraded(): Promise<Joined> {
  const { origin, client, proxy } = await wire();
  client.send(UPGRADE);
  const upstream = await origin.accept();
  await upstream.readHead();
  upstream.send(SWITCHED);
  await client.readHead();
  return { client, upstream, proxy };
}

async function forwardBench(): Promise<{ origin: WireOrigin; proxy: WireProxy; client: WirePeer; connect: string }> {
  const origin = await startOrigin();
  const proxy = await startProxy({ forward: forwardTo({ connectPorts: [origin.port] }) });
  const authority = `127.0.0.1:${origin.port}`;
  const connect = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
  return { origin, proxy, client: await proxy.connect(), connect };
}

async function connected(): Promise<Joined> {
  const { origin, client, proxy, connect } = await forwardBench();
  client.send(connect);
  const upstream = await origin.accept();
  await client.readHead();
  return { client, upstream, proxy };
}

describe.each([
  ['Upgrade', upgraded],
  ['CONNECT', connected],
])('a tunnel by %s', (_name, join) => {
  it('carries any bytes both ways, at once', async () => {
    const { client, upstream } = await join();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');
    client.send(bytes);
    expect(await upstream.read(256)).toBe(bytes);
    upstream.send(`${bytes}HTTP/1.1 200 OK\r\n\r\n`);
    expect(await client.read(275)).toBe(`${bytes}HTTP/1.1 200 OK\r\n\r\n`);
  });

  it('carries much', async () => {
    const { client, upstream } = await join();
    const much = Buffer.alloc(3 * 1024 * 1024, 'tunnel');
    client.send(much);
    upstream.send(much);
    expect((await upstream.read(much.length)) === much.toString('latin1')).toBe(true);
    expect((await client.read(much.length)) === much.toString('latin1')).toBe(true);
  });

  it('ends each direction on its own', async () => {
    const { client, upstream, proxy } = await join();
    client.send('last words');
    client.end();
    expect((await upstream.readToEnd()).text).toBe('last words');
    upstream.send('still here');
    expect(await client.read(10)).toBe('still here');
    upstream.end();
    expect(await client.readToEnd()).toEqual({ text: '', ending: 'end' });
    await expect.poll(() => proxy.proxy.connectionCount).toBe(0);
  });

  it('ends first at the origin', async () => {
    const { client, upstream } = await join();
    upstream.send('bye');
    upstream.end();
    expect((await client.readToEnd()).text).toBe('bye');
    client.send('late');
    expect(await upstream.read(4)).toBe('late');
    client.end();
    expect((await upstream.readToEnd()).text).toBe('');
  });

  it('ends as a whole where one side is gone', async () => {
    for (const side of ['client', 'upstream'] as const) {
      const joined = await join();
      joined[side].reset();
      await joined[side === 'client' ? 'upstream' : 'client'].readToEnd();
      await expect.poll(() => joined.proxy.proxy.connectionCount).toBe(0);
    }
  });

  it('is logged once, at its end', async () => {
    const { client, upstream, proxy } = await join();
    client.send('12345');
    await upstream.read(5);
    expect(proxy.access).toEqual([]);
    client.end();
    upstream.end();
    await client.readToEnd();
    await expect.poll(() => proxy.access.length).toBe(1);
    expect([101, 200]).toContain(proxy.access[0]?.status);
    expect(proxy.access[0]?.error).toBe('');
  });
});

describe('Upgrade', () => {
  it('passes request and answer on', async () => {
    const { origin, client } = await wire();
    client.send(UPGRADE);
    const upstream = await origin.accept();
    expect(ownLines(await upstream.readHead())).toEqual([
      'Host: a',
      'Sec-WebSocket-Key: k',
      'Connection: Upgrade',
      'Upgrade: websocket',
    ]);
    upstream.send(SWITCHED);
    const head = await client.readHead();
    expect(startLine(head)).toBe('HTTP/1.1 101 Switching Protocols');
    expect(valuesOf(head, 'Upgrade')).toEqual(['websocket']);
    expect(valuesOf(head, 'Connection')).toEqual(['Upgrade']);
    expect(valuesOf(head, 'Sec-WebSocket-Accept')).toEqual(['k']);
  });

  it('delivers the bytes that come with either head', async () => {
    const { origin, client } = await wire();
    client.send(`${UPGRADE}early client`);
    const upstream = await origin.accept();
    await upstream.readHead();
    expect(await upstream.peek(30)).toBe('');
    upstream.send(`${SWITCHED}early origin`);
    await client.readHead();
    expect(await client.read(12)).toBe('early origin');
    expect(await upstream.read(12)).toBe('early client');
  });

  it('may be declined, and the connection stays HTTP', async () => {
    const { origin, client } = await wire();
    client.send(`${UPGRADE}GET /next HTTP/1.1\r\nHost: a\r\n\r\n`);
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await client.readMessage()).body).toBe('ok');
    expect(startLine(await upstream.readHead())).toBe('GET /next HTTP/1.1');
  });

  it.each([
    ['h2c', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk'],
    ['h2c beside others', 'Connection: Upgrade\r\nUpgrade: h2c, TLS/1.0, HTTP/2.0'],
    ['what Connection does not name', 'Upgrade: websocket'],
  ])('is not passed on for %s', async (_name, lines) => {
    const { origin, client } = await wire();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n\r\n`);
    expect(ownLines(await (await origin.accept()).readHead())).toEqual(['Host: a']);
  });

  it('is not passed on with a body', async () => {
    const { origin, client } = await wire();
    client.send(UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\nhello'));
    const { head, body } = await (await origin.accept()).readMessage();
    expect(valuesOf(head, 'Upgrade')).toEqual([]);
    expect(body).toBe('hello');
  });

  it('keeps the protocols that may pass', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n');
    expect(valuesOf(await (await origin.accept()).readHead(), 'Upgrade')).toEqual(['websocket']);
  });
});

describe('CONNECT', () => {
  it('delivers data that comes with the request', async () => {
    const { origin, client, connect } = await forwardBench();
    client.send(`${connect}hello`);
    const upstream = await origin.accept();
    expect(await upstream.read(5)).toBe('hello');
    expect(await client.readHead()).toBe('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.send('hi');
    expect(await client.read(2)).toBe('hi');
  });

  it('needs nothing but HTTP/1.0', async () => {
    const { origin, client } = await forwardBench();
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.0\r\n\r\n`);
    await origin.accept();
    expect(startLine(await client.readHead())).toMatch(/^HTTP\/1\.[01] 200 /);
  });

  it('is refused to other ports, and what was meant for the tunnel is not taken for a request', async () => {
    const { origin, client } = await forwardBench();
    client.send(
      'CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: 127.0.0.1:25\r\n\r\n' +
        `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x\r\n\r\n`,
    );
    const { text } = await client.readToEnd();
    expect(startLine(text)).toBe('HTTP/1.1 403 Forbidden');
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(origin.accepted).toBe(0);
  });

  it('to nobody is answered 502', async () => {
    const { origin, client, connect } = await forwardBench();
    origin.server.close();
    client.send(connect);
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 502 Bad Gateway');
  });
});
