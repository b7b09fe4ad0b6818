import { describe, expect, it } from 'vitest';
import type { ForwardOptions } from '../../src/proxy/options.ts';
import { forwardTo, routeTo, startOrigin, startProxy, type WireOptions, type WireProxy } from '../support/wire.ts';
import { startLine } from '../support/wire-text.ts';

/** The forward proxy is no open proxy: who may use it, and to go where. */

const PRIVATE_CLIENT = '10.9.8.7';
const PUBLIC_CLIENT = '203.0.113.9';
const PRIVATE_ALLOWED = ['127.0.0.0/8', '10.0.0.0/8'];

async function statusOf(proxy: WireProxy, request: string): Promise<string> {
  const client = await proxy.connect();
  client.send(`${request}\r\n\r\n`);
  return startLine(await client.readHead()).slice('HTTP/1.1 '.length);
}

function from(clientAddress: string, changes: Partial<ForwardOptions>, more: WireOptions = {}): Promise<WireProxy> {
  return startProxy({ clientAddress, forward: forwardTo(changes), ...more });
}

/** Every way to name a destination. */
const ways = (address: string, port: number): string[] => [
  `GET http://${address}:${port}/ HTTP/1.1\r\nHost: x`,
  `GET / HTTP/1.1\r\nHost: a\r\nX-Proxy-Server: ${address}:${port}`,
  `CONNECT ${address}:${port} HTTP/1.1\r\nHost: x`,
];

describe('a client that is not allowed', () => {
  it('gets 403 for every way to name a destination', async () => {
    const origin = await startOrigin();
    const proxy = await from(PUBLIC_CLIENT, {
      allow: PRIVATE_ALLOWED,
      headerRouting: true,
      connectPorts: [origin.port],
    });
    for (const request of [
      ...ways('127.0.0.1', origin.port),
      `GET / HTTP/1.1\r\nHost: a.example.local:${origin.port}`,
      'GET http://example.com/ HTTP/1.1\r\nHost: example.com',
    ]) {
      expect(await statusOf(proxy, request), request).toBe('403 Forbidden');
    }
    expect(origin.accepted).toBe(0);
  });

  it('is not let in for being on this machine: a list without loopback is obeyed', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy({ forward: forwardTo({ allow: ['10.0.0.0/8'] }) });
    const request = `GET http://127.0.0.1:${origin.port}/ HTTP/1.1\r\nHost: x`;
    expect(await statusOf(proxy, request)).toBe('403 Forbidden');
    expect(origin.accepted).toBe(0);
  });

  it('cannot claim to be one that is', async () => {
    const proxy = await from(PUBLIC_CLIENT, { allow: PRIVATE_ALLOWED });
    const claim = 'GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nX-Forwarded-For: 127.0.0.1';
    expect(await statusOf(proxy, claim)).toBe('403 Forbidden');
  });

  it('may use the routes, and sees the welcome page without what it tells of the machine', async () => {
    const routed = await startOrigin();
    routed.serve('HTTP/1.1 204 No Content\r\n\r\n');
    const proxy = await from(PUBLIC_CLIENT, {}, { routes: [routeTo(routed.target)] });
    expect(await statusOf(proxy, 'GET / HTTP/1.1\r\nHost: a')).toBe('204 No Content');
    const client = await (await from(PUBLIC_CLIENT, {})).connect();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 200 OK');
    expect(body).not.toContain('bound by the test');
  });
});

describe('a client of a private network', () => {
  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '169.254.169.254', '0.0.0.0', '[fe80::1]', '224.0.0.1'])(
    'is not led to %s',
    async (address) => {
      const origin = await startOrigin();
      const options = { allow: PRIVATE_ALLOWED, headerRouting: true, connectPorts: [origin.port] };
      const proxy = await from(PRIVATE_CLIENT, options);
      for (const request of ways(address, origin.port)) {
        expect(await statusOf(proxy, request), request).toBe('403 Forbidden');
      }
      expect(origin.accepted).toBe(0);
    },
  );

  it.each(['localhost', 'LOCALHOST.', '127.1', '2130706433', '0x7f.1', '0'])(
    'is not led to this machine by the name %s',
    async (name) => {
      const origin = await startOrigin();
      const proxy = await from(PRIVATE_CLIENT, { allow: PRIVATE_ALLOWED, connectPorts: [origin.port] });
      for (const request of [
        `GET http://${name}:${origin.port}/ HTTP/1.1\r\nHost: x`,
        `CONNECT ${name}:${origin.port} HTTP/1.1\r\nHost: x`,
      ]) {
        expect(await statusOf(proxy, request), request).toMatch(/^(403|502) /);
      }
      expect(origin.accepted).toBe(0);
    },
  );

  it('is led there where that is switched on, but never to lowport itself', async () => {
    const origin = await startOrigin();
    origin.serve('HTTP/1.1 204 No Content\r\n\r\n');
    const own = await startOrigin();
    const options = { allow: PRIVATE_ALLOWED, allowPrivate: true };
    const proxy = await from(PRIVATE_CLIENT, options, { ownPorts: [own.port] });
    for (const [port, status] of [
      [origin.port, '204 No Content'],
      [own.port, '403 Forbidden'],
    ]) {
      expect(await statusOf(proxy, `GET http://127.0.0.1:${port}/ HTTP/1.1\r\nHost: x`)).toBe(status);
      expect(await statusOf(proxy, `GET http://localhost:${port}/ HTTP/1.1\r\nHost: x`)).toBe(status);
    }
  });

  it('does not share connections with a local client', async () => {
    const origin = (await startOrigin()).serve('HTTP/1.1 204 No Content\r\n\r\n');
    const clients = ['127.0.0.1', PRIVATE_CLIENT];
    const proxy = await startProxy({
      clientAddress: () => clients.shift() ?? PUBLIC_CLIENT,
      forward: forwardTo({ allow: PRIVATE_ALLOWED }),
    });
    const request = `GET http://localhost:${origin.port}/ HTTP/1.1\r\nHost: x`;
    expect(await statusOf(proxy, request)).toBe('204 No Content');
    expect(await statusOf(proxy, request)).toBe('403 Forbidden');
    expect(origin.served).toBe(1);
  });
});
