import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forwardTo, startOrigin, startProxy, wire } from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { startLine } from '../support/wire-text.ts';

/** Who does not read holds the one who writes: nothing is collected in between but what the kernel holds. */

const PIECE = Buffer.alloc(1024 * 1024, 'p');
const PIECES = 64;
const TOTAL = PIECE.length * PIECES;
/** Both sockets' buffers in the kernel grow to some megabytes; the proxy's own share is under one. */
const HELD_AT_MOST = 32 * 1024 * 1024;

/** Sends TOTAL bytes, piece after piece as they are taken. All pieces are one buffer, so that none costs memory here. */
class Pouring {
  sent = 0;
  readonly #peer: WirePeer;
  readonly #piece: Buffer;

  constructor(peer: WirePeer, piece = PIECE) {
    this.#peer = peer;
    this.#piece = piece;
    this.#pour();
  }

  /** How much was taken, once that has come to rest. */
  async atRest(): Promise<number> {
    let before = -1;
    while (before !== this.sent) {
      before = this.sent;
      await delay(250);
    }
    return before;
  }

  #pour(): void {
    if (this.sent >= TOTAL || this.#peer.socket.destroyed) return;
    this.#peer.socket.write(this.#piece, (error) => {
      if (error) return;
      this.sent += this.#piece.length;
      this.#pour();
    });
  }
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
    expect(await new Pouring(upstream).atRest()).toBeLessThan(HELD_AT_MOST);
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
    expect(await new Pouring(upstream, hints).atRest()).toBeLessThan(HELD_AT_MOST);
    client.socket.resume();
    await received(client);
  });

  it('a request', async () => {
    const { origin, client } = await wire();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${TOTAL}\r\n\r\n`);
    const upstream = await origin.accept();
    upstream.socket.pause();
    upstream.discard();
    expect(await new Pouring(client).atRest()).toBeLessThan(HELD_AT_MOST);
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
    expect(await new Pouring(client).atRest()).toBeLessThan(HELD_AT_MOST);
  });

  it('pipelined requests', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    expect(await new Pouring(client).atRest()).toBeLessThan(HELD_AT_MOST);
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
    expect(await new Pouring(from).atRest()).toBeLessThan(HELD_AT_MOST);
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
  const poured = new Pouring(upstream);
  await upstream.readUntil('\r\n\r\n');
  await upstream.readToEnd();
  expect(poured.sent).toBeLessThan(HELD_AT_MOST);
  await expect.poll(() => proxy.proxy.connectionCount).toBe(0);
  expect(proxy.access[0]?.error).not.toBe('');
});
