import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { forwardTo, routeTo, startOrigin, startProxy, type WireOptions, wire } from '../support/wire.ts';
import { startLine, valuesOf } from '../support/wire-text.ts';

/** Everything that may take only so long. The clock behind the time-outs ticks every 100 ms. */

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
/** Long enough for a tick more, short enough to be no other time-out. */
const SOON_MS = 1_000;

const limited = (limits: WireOptions['limits']): WireOptions => (limits === undefined ? {} : { limits });

async function within(milliseconds: number, done: Promise<unknown>): Promise<void> {
  const start = performance.now();
  await done;
  expect(performance.now() - start).toBeLessThan(milliseconds);
}

describe('a head', () => {
  it('that trickles in is answered 408', async () => {
    const { origin, client } = await wire(limited({ headTimeout: 300 }));
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    const trickle = setInterval(() => client.send('x'), 50);
    await within(
      SOON_MS,
      client.readHead().then((head) => expect(startLine(head)).toBe('HTTP/1.1 408 Request Timeout')),
    );
    clearInterval(trickle);
    expect(origin.accepted).toBe(0);
  });

  it('that does not begin ends the connection without a word', async () => {
    const { client } = await wire(limited({ headTimeout: 300 }));
    await within(
      SOON_MS,
      client.readToEnd().then(({ text }) => expect(text).toBe('')),
    );
  });

  it('of a second request has its own time', async () => {
    const { origin, client } = await wire(limited({ headTimeout: 300, idleTimeout: 5_000 }));
    origin.serve(OK);
    client.send(GET);
    await client.readMessage();
    await delay(500);
    client.send('GET / HT');
    await delay(100);
    client.send('TP/1.1\r\nHost: a\r\n\r\n');
    expect((await client.readMessage()).body).toBe('ok');
    client.send('GET / HT');
    await within(
      SOON_MS,
      client.readHead().then((head) => expect(startLine(head)).toBe('HTTP/1.1 408 Request Timeout')),
    );
  });
});

describe('an idle connection', () => {
  it('is closed without a word', async () => {
    const { origin, client } = await wire(limited({ idleTimeout: 300 }));
    origin.serve(OK);
    client.send(GET);
    await client.readMessage();
    await within(
      SOON_MS,
      client.readToEnd().then((rest) => expect(rest).toEqual({ text: '', ending: 'end' })),
    );
  });
});

describe('a request body', () => {
  it('that falls silent is answered 408, and its end is not made up', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 300 }));
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    const upstream = await origin.accept();
    await upstream.readUntil('hello\r\n');
    await within(
      SOON_MS,
      client.readHead().then((head) => expect(startLine(head)).toBe('HTTP/1.1 408 Request Timeout')),
    );
    expect((await upstream.readToEnd()).text).toBe('');
  });

  it('may take any time as long as it goes on', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 300, firstByteTimeout: 300 }));
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n');
    const upstream = await origin.accept();
    for (let n = 0; n < 10; n++) {
      await delay(100);
      client.send(String(n));
    }
    expect((await upstream.readMessage()).body).toBe('0123456789');
    upstream.send(OK);
    expect((await client.readMessage()).body).toBe('ok');
  });

  it('may go on slowly after the origin once was slow to take it', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 400 }));
    const burst = 16 * 1024 * 1024;
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${burst + 10}\r\n\r\n`);
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.socket.pause();
    upstream.discard();
    client.send(Buffer.alloc(burst));
    await delay(200);
    upstream.socket.resume();
    for (let n = 0; n < 10; n++) {
      await delay(100);
      client.send(String(n));
    }
    upstream.send(OK);
    expect((await client.readMessage()).body).toBe('ok');
  });

  it('that the origin does not take ends in 504', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 300 }));
    client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${64 << 20}\r\n\r\n`);
    const upstream = await origin.accept();
    upstream.socket.pause();
    client.send(Buffer.alloc(64 << 20));
    await within(
      3_000,
      client.readHead().then((head) => expect(startLine(head)).toBe('HTTP/1.1 504 Gateway Timeout')),
    );
  });
});

describe('an origin', () => {
  it('that does not answer ends in 504', async () => {
    const { origin, client, proxy } = await wire(limited({ firstByteTimeout: 300 }));
    client.send(GET);
    const upstream = await origin.accept();
    await within(
      SOON_MS,
      client.readMessage().then(({ head }) => expect(startLine(head)).toBe('HTTP/1.1 504 Gateway Timeout')),
    );
    await upstream.readToEnd();
    expect(proxy.access[0]).toMatchObject({ status: 504, firstByte: null });
  });

  it('that cannot be connected to in time ends in 504', async () => {
    const origin = await startOrigin();
    // A TLS handshake that nobody answers: connected is only what can be spoken to.
    const { client } = await wire({
      routes: [routeTo({ ...origin.target, protocol: 'https' })],
      limits: { connectTimeout: 300 },
    });
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi');
    await within(
      SOON_MS,
      client.readHead().then((head) => expect(startLine(head)).toBe('HTTP/1.1 504 Gateway Timeout')),
    );
  });

  it('that falls silent within its answer cuts it short', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 300 }));
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    await client.readUntil('hello');
    await within(
      SOON_MS,
      client.readToEnd().then(({ text }) => expect(text).toBe('')),
    );
  });

  it('that falls silent behind its head does too', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 300, firstByteTimeout: 300 }));
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
    await client.readHead();
    await within(
      SOON_MS,
      client.readToEnd().then(({ text }) => expect(text).toBe('')),
    );
  });

  it('may take any time for its answer as long as it goes on', async () => {
    const { origin, client } = await wire(limited({ bodyTimeout: 300, firstByteTimeout: 300, idleTimeout: 300 }));
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n');
    for (let n = 0; n < 10; n++) {
      await delay(100);
      upstream.send(String(n));
    }
    expect((await client.readMessage()).body).toBe('0123456789');
  });
});

describe('a tunnel', () => {
  it('that falls silent is closed', async () => {
    const origin = await startOrigin();
    const forward = forwardTo({ connectPorts: [origin.port] });
    const proxy = await startProxy({ forward, limits: { tunnelTimeout: 300, idleTimeout: 200, headTimeout: 200 } });
    const client = await proxy.connect();
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const upstream = await origin.accept();
    await client.readHead();
    for (let n = 0; n < 5; n++) {
      await delay(150);
      (n % 2 === 0 ? client : upstream).send('x');
    }
    expect(client.ending).toBeNull();
    await within(SOON_MS, Promise.all([client.readToEnd(), upstream.readToEnd()]));
  });
});

describe('connections at once', () => {
  it('beyond the limit are answered 503', async () => {
    const { origin, client, proxy } = await wire(limited({ maxConnections: 2 }));
    origin.serve(OK);
    const second = await proxy.connect();
    const third = await proxy.connect();
    const { text } = await third.readToEnd();
    expect(startLine(text)).toBe('HTTP/1.1 503 Service Unavailable');
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    third.destroy();
    for (const peer of [client, second]) {
      peer.send(GET);
      expect((await peer.readMessage()).body).toBe('ok');
    }
    second.destroy();
    await expect.poll(() => proxy.proxy.connectionCount).toBe(1);
    const fourth = await proxy.connect();
    fourth.send(GET);
    expect((await fourth.readMessage()).body).toBe('ok');
  });

  it('of one client have a limit of their own, trusted proxies have none', async () => {
    for (const [trustProxy, refused] of [
      [[], true],
      [['127.0.0.1'], false],
    ] as const) {
      const { proxy, origin } = await wire({ trustProxy, limits: { maxConnectionsPerClient: 1 } });
      origin.serve(OK);
      const second = await proxy.connect();
      second.send(GET);
      expect(startLine(await second.readHead())).toBe(refused ? 'HTTP/1.1 503 Service Unavailable' : 'HTTP/1.1 200 OK');
    }
  });
});
