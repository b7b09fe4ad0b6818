import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closedPort, routeTo, startOrigin, startProxy, targetTo, type WireOrigin, wire } from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { startLine } from '../support/wire-text.ts';

/** When a request is sent again, and when it must not be. */

const request = (method: string, body = ''): string =>
  `${method} / HTTP/1.1\r\nHost: a\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A connection in the pool that the origin closes as soon as a request comes over it. */
async function stale(): Promise<{ origin: WireOrigin; client: WirePeer; pooled: WirePeer }> {
  const { origin, client } = await wire();
  client.send(request('GET'));
  const pooled = await origin.accept();
  await pooled.readHead();
  pooled.send(OK);
  await client.readMessage();
  return { origin, client, pooled };
}

describe('a pooled connection', () => {
  it('is used again', async () => {
    const { origin, client, pooled } = await stale();
    client.send(request('POST', 'x'));
    expect((await pooled.readMessage()).body).toBe('x');
    expect(origin.accepted).toBe(1);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])('that turns out stale: %s is sent once more', async (method) => {
    const { origin, client, pooled } = await stale();
    client.send(request(method));
    await pooled.readHead();
    pooled.destroy();
    const fresh = await origin.accept();
    expect(startLine(await fresh.readHead())).toBe(`${method} / HTTP/1.1`);
    fresh.send('HTTP/1.1 204 No Content\r\n\r\n');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 204 No Content');
  });

  it.each([
    ['POST', ''],
    ['PATCH', ''],
    ['POST', 'body'],
    ['PUT', 'body'],
  ])('that turns out stale: %s with body %j is answered 502', async (method, body) => {
    const { origin, client, pooled } = await stale();
    client.send(request(method, body));
    await pooled.readMessage();
    pooled.destroy();
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 502 Bad Gateway');
    expect(origin.accepted).toBe(1);
  });

  it('is not tried a third time', async () => {
    const { origin, client, pooled } = await stale();
    client.send(request('GET'));
    await pooled.readHead();
    pooled.destroy();
    const fresh = await origin.accept();
    await fresh.readHead();
    fresh.destroy();
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 502 Bad Gateway');
    expect(origin.accepted).toBe(2);
  });

  it('is not tried again once a 1xx was passed on', async () => {
    const { origin, client, pooled } = await stale();
    client.send(request('GET'));
    await pooled.readHead();
    pooled.send('HTTP/1.1 103 Early Hints\r\n\r\n');
    await client.readHead();
    pooled.destroy();
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 502 Bad Gateway');
    expect(origin.accepted).toBe(1);
  });

  it('is not tried again once a head was passed on', async () => {
    const { origin, client, pooled } = await stale();
    client.send(request('GET'));
    await pooled.readHead();
    pooled.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
    await client.readHead();
    pooled.destroy();
    expect((await client.readToEnd()).text).toBe('');
    expect(origin.accepted).toBe(1);
  });

  it('that the origin closed is not used', async () => {
    const { origin, client, pooled } = await stale();
    pooled.end();
    await pooled.readToEnd();
    client.send(request('POST', 'x'));
    expect((await (await origin.accept()).readMessage()).body).toBe('x');
  });

  it('is closed when it has waited long enough', async () => {
    const { origin, client } = await wire({ limits: { upstreamIdleTimeout: 200 } });
    client.send(request('GET'));
    const upstream = await origin.accept();
    upstream.send(OK);
    await client.readMessage();
    expect((await upstream.readToEnd()).ending).toBe('end');
  });

  it('is closed a second before the origin would', async () => {
    const { origin, client } = await wire();
    client.send(request('GET'));
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send(OK.replace('\r\n', '\r\nKeep-Alive: timeout=1\r\n'));
    await client.readMessage();
    const start = performance.now();
    await upstream.readToEnd();
    expect(performance.now() - start).toBeLessThan(900);
  });
});

describe('several targets', () => {
  it('take turns', async () => {
    const origins = [await startOrigin(), await startOrigin(), await startOrigin()];
    for (const origin of origins) origin.serve(OK);
    const proxy = await startProxy({ routes: [routeTo(...origins.map((origin) => origin.target))] });
    const client = await proxy.connect();
    for (let round = 0; round < 6; round++) {
      client.send(request('GET'));
      await client.readMessage();
    }
    expect(origins.map((origin) => origin.served)).toEqual([2, 2, 2]);
    expect(origins.map((origin) => origin.accepted)).toEqual([1, 1, 1]);
  });

  it.each([
    ['GET', ''],
    ['POST', 'body'],
  ])('the next one takes %s where one refuses, and that one is left out for a while', async (method, body) => {
    const port = await closedPort();
    const good = (await startOrigin()).serve(OK);
    const proxy = await startProxy({
      routes: [routeTo(targetTo(port), good.target)],
      limits: { targetRetryAfter: 300 },
    });
    const client = await proxy.connect();
    const ask = async (): Promise<void> => {
      client.send(request(method, body));
      expect((await client.readMessage()).body).toBe('ok');
    };
    await ask();
    const back = (await startOrigin({ port, host: '127.0.0.1' })).serve(OK);
    for (let round = 0; round < 3; round++) await ask();
    expect([good.served, back.served]).toEqual([4, 0]);
    await delay(350);
    for (let round = 0; round < 4; round++) await ask();
    expect([good.served, back.served]).toEqual([6, 2]);
  });

  it('the next one takes what one drops unanswered, if it may be repeated', async () => {
    for (const [method, status] of [
      ['GET', '200 OK'],
      ['POST', '502 Bad Gateway'],
    ]) {
      const bad = await startOrigin();
      const good = await startOrigin();
      const proxy = await startProxy({ routes: [routeTo(bad.target, good.target)] });
      const client = await proxy.connect();
      client.send(request(method ?? ''));
      const dropping = await bad.accept();
      await dropping.readHead();
      dropping.reset();
      if (method === 'GET') (await good.accept()).send(OK);
      expect(startLine(await client.readHead())).toBe(`HTTP/1.1 ${status}`);
    }
  });

  it('are all tried once where all refuse', async () => {
    const proxy = await startProxy({ routes: [routeTo(targetTo(await closedPort()), targetTo(await closedPort()))] });
    const client = await proxy.connect();
    for (let round = 0; round < 3; round++) {
      client.send(request('GET'));
      expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 502 Bad Gateway');
    }
  });
});
