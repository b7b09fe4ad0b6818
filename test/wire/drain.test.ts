import { describe, expect, it } from 'vitest';
import { forwardTo, routeTo, startOrigin, startProxy, wire } from '../support/wire.ts';
import { valuesOf } from '../support/wire-text.ts';

/** The orderly end: what is under way is finished, nothing new begins. */

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('draining', () => {
  it('closes idle connections on both sides at once', async () => {
    const { origin, client, proxy } = await wire();
    const fresh = await proxy.connect();
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send(OK);
    await client.readMessage();
    await proxy.proxy.drain();
    expect(await client.readToEnd()).toEqual({ text: '', ending: 'end' });
    expect((await fresh.readToEnd()).ending).toBe('end');
    await upstream.readToEnd();
  });

  it('lets a request under way be answered, and says that it is the last', async () => {
    const { origin, client, proxy } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    await upstream.readHead();
    let drained = false;
    const done = proxy.proxy.drain().then(() => {
      drained = true;
    });
    expect(await client.peek(50)).toBe('');
    expect(drained).toBe(false);
    upstream.send(OK);
    const { text, ending } = await client.readToEnd();
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(text).toMatch(/\r\n\r\nok$/);
    expect(ending).toBe('end');
    await done;
    await upstream.readToEnd();
  });

  it('lets a response under way be completed', async () => {
    const { origin, client, proxy } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello');
    await client.readUntil('hello');
    const done = proxy.proxy.drain();
    upstream.send('world');
    expect(await client.readToEnd()).toEqual({ text: 'world', ending: 'end' });
    await done;
  });

  it('lets a request body under way be completed', async () => {
    const { origin, client, proxy } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello');
    const upstream = await origin.accept();
    await upstream.readUntil('hello');
    const done = proxy.proxy.drain();
    client.send('world');
    expect(await upstream.read(5)).toBe('world');
    upstream.send(OK);
    expect((await client.readToEnd()).text).toMatch(/\r\n\r\nok$/);
    await done;
  });

  it('lets a head that has begun be completed', async () => {
    const { origin, client, proxy } = await wire();
    client.send('GET / HT');
    await client.peek(30);
    const done = proxy.proxy.drain();
    client.send('TP/1.1\r\nHost: a\r\n\r\n');
    (await origin.accept()).send(OK);
    expect((await client.readToEnd()).text).toMatch(/\r\n\r\nok$/);
    await done;
  });

  it('waits for tunnels, until everything is ended', async () => {
    const origin = await startOrigin();
    const forward = forwardTo({ connectPorts: [origin.port] });
    const proxy = await startProxy({ forward, routes: [routeTo(origin.target)] });
    const client = await proxy.connect();
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const upstream = await origin.accept();
    await client.readHead();
    const done = proxy.proxy.drain();
    client.send('still');
    expect(await upstream.read(5)).toBe('still');
    proxy.proxy.destroy();
    await Promise.all([client.readToEnd(), upstream.readToEnd(), done]);
  });
});
