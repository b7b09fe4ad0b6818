import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forwardTo, startOrigin, startProxy, wire } from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { unchunk } from '../support/wire-text.ts';

/** No byte is lost, doubled or changed, whatever the sizes of the writes and however the other side reads. */

/** Sizes around those where buffers are copied, joined, handed over or full. */
const SIZES = [1, 2, 100, 2_047, 2_048, 2_049, 4_095, 4_096, 4_097, 16_383, 16_385, 65_535, 65_536, 65_537, 200_000];
const ROUNDS = 12;

/** Pieces that all differ from one another, so that none can stand for another. */
function pieces(): Buffer[] {
  return Array.from({ length: SIZES.length * ROUNDS }, (_, index) => {
    const size = SIZES[(index * 7) % SIZES.length] ?? 1;
    return Buffer.alloc(size, createHash('sha256').update(String(index)).digest());
  });
}

const digest = (text: Buffer | string): string =>
  createHash('sha256')
    .update(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
    .digest('hex');

/** Sends each piece in a turn of its own, now and then with a rest, so that they are read in every combination. */
async function trickle(peer: WirePeer, parts: readonly Buffer[], frame: (part: Buffer) => Buffer): Promise<void> {
  for (const [index, part] of parts.entries()) {
    peer.send(frame(part));
    if (index % 3 === 0) await new Promise(setImmediate);
    if (index % 50 === 0) await delay(5);
  }
}

/** Stops and goes on reading, in no fixed rhythm with what comes. */
function readInFits(peer: WirePeer): () => void {
  const timer = setInterval(() => {
    if (peer.socket.isPaused()) peer.socket.resume();
    else peer.socket.pause();
  }, 7);
  return () => {
    clearInterval(timer);
    peer.socket.resume();
  };
}

const plain = (part: Buffer): Buffer => part;
const chunk = (part: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]);

describe.each([
  ['with a length', plain],
  ['in chunks', chunk],
])('a body %s arrives whole', (name, frame) => {
  const parts = pieces();
  const all = Buffer.concat(parts);
  const framing = frame === plain ? `Content-Length: ${all.length}\r\n\r\n` : 'Transfer-Encoding: chunked\r\n\r\n';
  const last = frame === plain ? '' : '0\r\n\r\n';
  const contentOf = (body: string): string => (frame === plain ? body : unchunk(body));

  it(`as a response ${name}`, async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    await upstream.readHead();
    const readOn = readInFits(client);
    upstream.send(`HTTP/1.1 200 OK\r\n${framing}`);
    await trickle(upstream, parts, frame);
    upstream.send(last);
    readOn();
    expect(digest(contentOf((await client.readMessage()).body))).toBe(digest(all));
  });

  it(`as a request ${name}`, async () => {
    const { origin, client } = await wire();
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}`);
    const upstream = await origin.accept();
    const readOn = readInFits(upstream);
    await trickle(client, parts, frame);
    client.send(last);
    readOn();
    expect(digest(contentOf((await upstream.readMessage()).body))).toBe(digest(all));
  });
});

it('a response to the end of the connection arrives whole', async () => {
  const parts = pieces();
  const { origin, client } = await wire();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const upstream = await origin.accept();
  await upstream.readHead();
  const readOn = readInFits(client);
  upstream.send('HTTP/1.1 200 OK\r\n\r\n');
  await trickle(upstream, parts, plain);
  upstream.end();
  readOn();
  expect(digest(unchunk((await client.readMessage()).body))).toBe(digest(Buffer.concat(parts)));
});

it('bytes in a tunnel arrive whole, both ways at once', async () => {
  const parts = pieces();
  const all = Buffer.concat(parts);
  const origin = await startOrigin();
  const proxy = await startProxy({ forward: forwardTo({ connectPorts: [origin.port] }) });
  const client = await proxy.connect();
  client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const upstream = await origin.accept();
  await client.readHead();
  const goOn = [readInFits(client), readInFits(upstream)];
  await Promise.all([trickle(client, parts, plain), trickle(upstream, parts, plain)]);
  for (const readOn of goOn) readOn();
  expect(digest(await client.read(all.length))).toBe(digest(all));
  expect(digest(await upstream.read(all.length))).toBe(digest(all));
});

it('what waits for a client is not overwritten by what comes after it', async () => {
  const { origin, client } = await wire();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const upstream = await origin.accept();
  await upstream.readHead();
  const count = 6_000;
  const size = 5_000;
  const [sent, received] = [createHash('sha256'), createHash('sha256')];
  client.socket.pause();
  upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${count * size}\r\n\r\n`);
  // Each in a turn of its own, so that each is read on its own until the client's side is full.
  for (let index = 0; index < count; index++) {
    const piece = Buffer.alloc(size, String(index));
    sent.update(piece);
    upstream.send(piece);
    await new Promise(setImmediate);
  }
  client.socket.resume();
  await client.readHead();
  received.update(await client.read(count * size), 'latin1');
  expect(received.digest('hex')).toBe(sent.digest('hex'));
});

it('many responses on one connection stay apart', async () => {
  const { origin, client } = await wire();
  const upstream = origin.accept();
  for (const size of [...SIZES, ...SIZES].reverse()) {
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await (await upstream).readHead();
    const body = Buffer.alloc(size, createHash('sha256').update(String(size)).digest());
    (await upstream).send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
    (await upstream).send(body);
    expect(digest((await client.readMessage()).body)).toBe(digest(body));
  }
  expect(origin.accepted).toBe(1);
});
