import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  forwardTo,
  routeTo,
  startOrigin,
  startProxy,
  VIA,
  type WireOptions,
  type WireOrigin,
  type WireProxy,
} from '../support/wire.ts';
import type { WirePeer } from '../support/wire-peer.ts';
import { fieldLines, startLine, valuesOf } from '../support/wire-text.ts';

/** The forward proxy: absolute targets, who may use it, and how else a destination is named. */

interface Bench {
  readonly origin: WireOrigin;
  readonly proxy: WireProxy;
  readonly client: WirePeer;
}

async function bench(forward = forwardTo(), options: WireOptions = {}): Promise<Bench> {
  const origin = await startOrigin();
  const proxy = await startProxy({ forward, ...options });
  return { origin, proxy, client: await proxy.connect() };
}

const absolute = (port: number, ...lines: string[]): string =>
  `GET http://127.0.0.1:${port}/a?b HTTP/1.1\r\n${['Host: wrong', ...lines].join('\r\n')}\r\n\r\n`;

describe('an absolute target', () => {
  it('is fetched, and tells the server nothing of the client', async () => {
    const { origin, client } = await bench();
    client.send(absolute(origin.port, 'Proxy-Connection: keep-alive', 'X-Forwarded-For: 1.2.3.4', 'X-A: b'));
    const upstream = await origin.accept();
    const head = await upstream.readHead();
    expect(startLine(head)).toBe('GET /a?b HTTP/1.1');
    expect(fieldLines(head)).toEqual([
      `Host: 127.0.0.1:${origin.port}`,
      'X-Forwarded-For: 1.2.3.4',
      'X-A: b',
      `Via: 1.1 ${VIA}`,
    ]);
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await client.readMessage()).body).toBe('ok');
  });

  it('may be one of https only through CONNECT', async () => {
    const { client } = await bench();
    client.send('GET https://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n');
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 400 Bad Request');
  });

  it('goes to its server also where there are routes', async () => {
    const routed = await startOrigin();
    const { origin, client } = await bench(forwardTo(), { routes: [routeTo(routed.target)] });
    client.send(absolute(origin.port));
    (await origin.accept()).send('HTTP/1.1 204 No Content\r\n\r\n');
    await client.readHead();
    client.send('GET /plain HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(startLine(await (await routed.accept()).readHead())).toBe('GET /plain HTTP/1.1');
  });

  it('with a name that does not exist is answered 502', async () => {
    const { client } = await bench();
    client.send('GET http://nothing.invalid/ HTTP/1.1\r\nHost: nothing.invalid\r\n\r\n');
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 502 Bad Gateway');
  });

  it('with OPTIONS and no path asks the server as a whole', async () => {
    const { origin, client } = await bench();
    client.send(`OPTIONS http://127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(startLine(await (await origin.accept()).readHead())).toBe('OPTIONS * HTTP/1.1');
  });
});

describe('a plain request without routes', () => {
  it('gets the welcome page, or 404, or 405', async () => {
    const { client } = await bench();
    for (const [request, status] of [
      ['GET /', '200 OK'],
      ['GET /favicon.ico', '404 Not Found'],
      ['POST /', '405 Method Not Allowed'],
    ]) {
      client.send(`${request} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect(startLine((await client.readMessage()).head)).toBe(`HTTP/1.1 ${status}`);
    }
  });
});

describe('clients', () => {
  it('need the right password where one is set', async () => {
    const passwordSha256 = createHash('sha256').update('se:cret').digest('hex');
    const { origin, client } = await bench(forwardTo({ auth: { user: 'u', passwordSha256 } }));
    const basic = (text: string): string => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}`;
    for (const lines of [[], [basic('u:wrong')], [basic('v:se:cret')], ['Authorization: Basic dTpzZTpjcmV0']]) {
      client.send(absolute(origin.port, ...lines));
      const { head } = await client.readMessage();
      expect(startLine(head)).toBe('HTTP/1.1 407 Proxy Authentication Required');
      expect(valuesOf(head, 'Proxy-Authenticate')).toEqual(['Basic realm="lowport", charset="UTF-8"']);
    }
    client.send(absolute(origin.port, basic('u:se:cret')));
    expect(await (await origin.accept()).readHead()).not.toContain('Proxy-Authorization');
  });
});

describe('a name in .local', () => {
  it('means the name before it', async () => {
    const { client, proxy } = await bench();
    for (const [request, upstream] of [
      ['GET / HTTP/1.1\r\nHost: nothing.invalid.local\r\n\r\n', 'http://nothing.invalid'],
      ['GET http://nothing.invalid.local:81/ HTTP/1.1\r\nHost: x\r\n\r\n', 'http://nothing.invalid:81'],
    ]) {
      client.send(request ?? '');
      expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 502 Bad Gateway');
      expect(proxy.access.at(-1)?.upstream).toBe(upstream);
      expect(proxy.access.at(-1)?.route).toBe('forward');
    }
  });

  it('stays whole with one label, or where that is switched off', async () => {
    const { client } = await bench();
    client.send('GET / HTTP/1.1\r\nHost: printer.local\r\n\r\n');
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 200 OK');
    const { client: other } = await bench(forwardTo({ localSuffix: false }));
    other.send('GET / HTTP/1.1\r\nHost: nothing.invalid.local\r\n\r\n');
    expect(startLine((await other.readMessage()).head)).toBe('HTTP/1.1 200 OK');
  });
});

describe('X-Proxy-Server and X-Proxy-Host', () => {
  const lines = (port: number): string => `X-Proxy-Server: 127.0.0.1:${port}\r\nX-Proxy-Host: name.example\r\n`;

  it('choose server and Host where that is switched on, and go no further', async () => {
    const { origin, client } = await bench(forwardTo({ headerRouting: true }));
    client.send(`GET /x HTTP/1.1\r\nHost: a\r\n${lines(origin.port)}\r\n`);
    const head = await (await origin.accept()).readHead();
    expect(fieldLines(head)).toEqual(['Host: name.example', `Via: 1.1 ${VIA}`]);
  });

  it('mean nothing otherwise', async () => {
    const { origin, client } = await bench();
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${lines(origin.port)}\r\n`);
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 200 OK');
    expect(origin.accepted).toBe(0);
  });

  it('are refused where they are malformed', async () => {
    const { client } = await bench(forwardTo({ headerRouting: true }));
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Proxy-Server: http://b/\r\n\r\n');
    expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 400 Bad Request');
  });
});
