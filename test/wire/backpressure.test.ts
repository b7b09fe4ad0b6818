import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forwardTo, startOrigin, startProxy, wire } from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { startLine } from '../support/wire-text.ts';

/** Who does not read holds the one who writes: nothing is collected in between but what the kernel holds. */

const PIECE = Buffer.alloc(1024 * 1024, 'p');
const PIECES = 128;
const TOTAL = PIECE.length * PIECES;
/** Both sockets' buffers in the kernel grow to some megabytes; the proxy's own share is under one. */
const HELD_AT_MOST = 48 * 1024 * 1024;

/** All pieces are one buffer: what waits here costs no memory. */
function pour(peer: WirePeer): void {
  for (let n = 0; n < PIECES; n++) peer.send(PIECE);
}

/** What has left `peer`, once that has come to rest. */
async function sentAtRest(peer: WirePeer): Promise<number> {
  const sent = (): number => peer.socket.bytesWritten - peer.socket.writableLength;
  let before = -1;
  while (before !== sent()) {
    before = sent();
    await delay(250);
  }
  return before;
}

async function received(peer: WirePeer): Promise<void> {
  await expect.poll(() => peer.received, { timeout: 15_000 }).toBeGreaterThanOrEqual(TOTAL);
}

describe('a side that does not read holds the other', () => {
  it.each([
    ['with a length', `Content-Length: ${TOTAL}\r\n\r\n`],
    ['to the end of the connection', '\r\n'],
  ])('a response %s', async (_name, fields) => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    client.socket.pause();
    client.discard();
    const upstream = await origin.accept();
    upstream.send(`HTTP/1.1 200 OK\r\n${fields}`);
    pour(upstream);
    expect(await sentAtRest(upstream)).toBeLessThan(HELD_AT_MOST);
    client.socket.resume();
    await received(client);
  });

  it('interim responses without end', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    client.socket.pause();
    client.discard();
    const upstream = await origin.accept();
    const hint = `HTTP/1.1 103 Early Hints\r\nLink: ${'x'.repeat(1_000)}\r\n\r\n`;
    const hints = Buffer.from(hint.repeat(1_000));
    for (let n = 0; n < TOTAL / hints.length; n++) upstream.send(hints);
    expect(await sentAtRest(upstream)).toBeLessThan(HELD_AT_MOST);
    client.socket.resume();
    await received(client);
  });

  it('a request', async () => {
    const { origin, client } = await wire();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    const upstream = await origin.accept();
    upstream.socket.pause();
    upstream.discard();
    pour(client);
    expect(await sentAtRest(client)).toBeLessThan(HELD_AT_MOST);
    upstream.socket.resume();
    await received(upstream);
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await client.readMessage()).body).toBe('ok');
  });

  it('a request whose connection is not made yet', async () => {
    const origin = await startOrigin();
    const target = { ...origin.target, protocol: 'https' } as const;
    const { client } = await wire({ routes: [{ host: null, path: null, targets: [target], rewriteHost: false }] });
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    await origin.accept();
    pour(client);
    expect(await sentAtRest(client)).toBeLessThan(HELD_AT_MOST);
  });

  it('pipelined requests', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    pour(client);
    expect(await sentAtRest(client)).toBeLessThan(HELD_AT_MOST);
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await client.readMessage()).body).toBe('ok');
    expect(startLine(await client.readHead())).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it.each(['client', 'upstream'] as const)('a tunnel, towards the %s', async (towards) => {
    const origin = await startOrigin();
    const proxy = await startProxy({ forward: forwardTo({ connectPorts: [origin.port] }) });
    const client = await proxy.connect();
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const upstream = await origin.accept();
    await client.readHead();
    const [from, to] = towards === 'client' ? [upstream, client] : [client, upstream];
    to.socket.pause();
    to.discard();
    pour(from);
    expect(await sentAtRest(from)).toBeLessThan(HELD_AT_MOST);
    to.socket.resume();
    await received(to);
  });
});

it('a client that never reads is given up, and so is its origin', async () => {
  const { origin, client, proxy } = await wire({ limits: { bodyTimeout: 300 } });
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  client.socket.pause();
  const upstream = await origin.accept();
  upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${TOTAL}\r\n\r\n`);
  pour(upstream);
  await upstream.readUntil('\r\n\r\n');
  await upstream.readToEnd();
  await expect.poll(() => proxy.proxy.connectionCount).toBe(0);
  expect(proxy.access[0]?.error).not.toBe('');
});
