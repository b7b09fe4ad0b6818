import { describe, expect, it } from 'vitest';
import type { Route } from '../../src/proxy/options.ts';
import { routeTo, startOrigin, startProxy, type WireOrigin, wire } from '../support/wire.ts';
import { ownLines, startLine, valuesOf } from '../support/wire-text.ts';

/** Which target a request goes to, and with which name. */

const named = (name: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;

async function servers(...names: string[]): Promise<Record<string, WireOrigin>> {
  const entries = names.map(async (name) => [name, (await startOrigin()).serve(named(name))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('routes', () => {
  it('are chosen by host and path, the longest match first', async () => {
    const origins = await servers('api', 'v1', 'wild', 'deep', 'rest');
    const route = (name: string, host: string | null, path: string | null): Route => {
      const origin = origins[name];
      if (origin === undefined) throw new Error(name);
      return { ...routeTo(origin.target), host, path };
    };
    const proxy = await startProxy({
      routes: [
        route('rest', null, '/'),
        route('wild', '*.example.com', null),
        route('api', 'api.example.com', null),
        route('v1', 'api.example.com', '/v1'),
        route('deep', '*.deep.example.com', null),
      ],
    });
    const client = await proxy.connect();
    for (const [host, path, expected] of [
      ['api.example.com', '/', 'api'],
      ['API.Example.Com:8080', '/v1', 'v1'],
      ['api.example.com.', '/v1/x?y', 'v1'],
      ['api.example.com', '/v10', 'api'],
      ['api.example.com', '/V1', 'api'],
      ['other.example.com', '/v1', 'wild'],
      ['a.deep.example.com', '/', 'deep'],
      ['example.com', '/', 'rest'],
      ['', '/', 'rest'],
    ]) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.readMessage()).body, `${host}${path}`).toBe(expected);
    }
    expect(proxy.access.map((entry) => entry.route).slice(0, 2)).toEqual(['api.example.com', 'api.example.com/v1']);
  });

  it('are chosen by an absolute target rather than by Host', async () => {
    const origins = await servers('a', 'b');
    const routes = Object.entries(origins).map(([name, origin]) => ({
      ...routeTo(origin.target),
      host: `${name}.test`,
    }));
    const proxy = await startProxy({ routes });
    const client = await proxy.connect();
    client.send('GET http://b.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect((await client.readMessage()).body).toBe('b');
  });

  it('that match nothing are 404, and the connection stays', async () => {
    const origin = (await startOrigin()).serve(named('x'));
    const proxy = await startProxy({ routes: [{ ...routeTo(origin.target), host: 'a.test', path: '/x' }] });
    const client = await proxy.connect();
    for (const [host, path] of [
      ['b.test', '/x'],
      ['a.test', '/y'],
    ]) {
      client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect(startLine((await client.readMessage()).head)).toBe('HTTP/1.1 404 Not Found');
    }
    client.send('GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n');
    expect((await client.readMessage()).body).toBe('x');
  });
});

describe('Host', () => {
  it('is kept as it came', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nX: y\r\nhost: Example.COM:81\r\n\r\n');
    expect(ownLines(await (await origin.accept()).readHead())).toEqual(['X: y', 'host: Example.COM:81']);
  });

  it('is the target’s where asked for', async () => {
    const origin = await startOrigin();
    const { client } = await wire({ routes: [{ ...routeTo(origin.target), rewriteHost: true }] });
    client.send('GET / HTTP/1.1\r\nHost: example.com\r\n\r\n');
    const head = await (await origin.accept()).readHead();
    expect(valuesOf(head, 'Host')).toEqual([`127.0.0.1:${origin.port}`]);
    expect(valuesOf(head, 'X-Forwarded-Host')).toEqual(['example.com']);
  });

  it('is that of an absolute target', async () => {
    const { origin, client } = await wire();
    client.send('GET http://right.example:81/x?y HTTP/1.1\r\nHost: wrong.example\r\n\r\n');
    const head = await (await origin.accept()).readHead();
    expect(startLine(head)).toBe('GET /x?y HTTP/1.1');
    expect(valuesOf(head, 'Host')).toEqual(['right.example:81']);
  });
});

describe('a reverse proxy is no forward proxy', () => {
  it('refuses CONNECT', async () => {
    const { origin, client } = await wire();
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 405 Method Not Allowed');
    expect(origin.accepted).toBe(0);
  });

  it('keeps an absolute target, a name in .local and X-Proxy-Server to its own routes', async () => {
    const elsewhere = await startOrigin();
    const { origin, client } = await wire();
    origin.serve(named('own'));
    for (const request of [
      `GET http://127.0.0.1:${elsewhere.port}/ HTTP/1.1\r\nHost: a\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a.example.local:${elsewhere.port}\r\n\r\n`,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Proxy-Server: 127.0.0.1:${elsewhere.port}\r\n\r\n`,
    ]) {
      client.send(request);
      expect((await client.readMessage()).body).toBe('own');
    }
    expect(elsewhere.accepted).toBe(0);
  });
});
