import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Target } from '../../src/proxy/options.ts';
import { Authority, type Certificate } from '../support/certificates.ts';
import { connectPeer, routeTo, startOrigin, startProxy, wire } from '../support/wire.ts';
import { startLine, valuesOf } from '../support/wire-text.ts';

/** Unix sockets on either side, and TLS to the target. */

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lowport-wire-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe('a unix socket', () => {
  it('as target', async () => {
    const path = join(temporaryDirectory(), 'origin.sock');
    const origin = await startOrigin({ path });
    const target: Target = { protocol: 'http', host: 'localhost', port: 80, socketPath: path };
    const { client, proxy } = await wire({ routes: [routeTo(target)] });
    const upstream = origin.accept();
    for (let round = 0; round < 2; round++) {
      client.send(GET);
      expect(startLine(await (await upstream).readHead())).toBe('GET /x HTTP/1.1');
      (await upstream).send(OK);
      expect((await client.readMessage()).body).toBe('ok');
    }
    expect(origin.accepted).toBe(1);
    expect(proxy.access[0]?.upstream).toBe(`unix:${path}`);
  });

  it('as target that is not there', async () => {
    const socketPath = join(temporaryDirectory(), 'nothing.sock');
    const { client } = await wire({ routes: [routeTo({ protocol: 'http', host: 'x', port: 80, socketPath })] });
    client.send(GET);
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 502 Bad Gateway');
    expect(body).not.toContain('sock');
  });

  it('as listener', async () => {
    const path = join(temporaryDirectory(), 'proxy.sock');
    const origin = await startOrigin();
    const proxy = await startProxy({ routes: [routeTo(origin.target)], listenPath: path });
    const client = await connectPeer({ path });
    client.send(GET);
    const upstream = await origin.accept();
    const head = await upstream.readHead();
    expect(valuesOf(head, 'X-Forwarded-For')).toEqual(['unknown']);
    upstream.send(OK);
    expect((await client.readMessage()).body).toBe('ok');
    expect(proxy.access[0]?.client).toBe('unknown');
  });
});

interface Seen {
  readonly port: number;
  /** What the clients asked for in SNI and ALPN. */
  readonly names: (string | false | undefined)[];
}

/** An https server that answers every request, with what `certificate` proves. */
async function startTls(certificate: Certificate): Promise<Seen> {
  const names: Seen['names'] = [];
  const options: TlsOptions = {
    ...certificate,
    ALPNProtocols: ['h2', 'http/1.1'],
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
  };
  const server = createServer(options, (socket) => {
    names.push(socket.alpnProtocol ?? undefined);
    socket.on('error', () => {});
    socket.on('data', () => socket.write(OK));
  });
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not on TCP');
  return { port: address.port, names };
}

describe('an https target', () => {
  const https = (host: string, port: number): Target => ({ protocol: 'https', host, port, socketPath: null });

  it('whose certificate is right is used, with SNI and HTTP/1.1', async () => {
    const authority = new Authority(temporaryDirectory());
    const { port, names } = await startTls(authority.issue('DNS:localhost'));
    const { client } = await wire({ routes: [routeTo(https('localhost', port))], upstreamCa: authority.cert });
    for (let round = 0; round < 2; round++) {
      client.send(GET);
      expect((await client.readMessage()).body).toBe('ok');
    }
    expect(names).toEqual(['localhost', 'http/1.1']);
  });

  it('may be named by its address', async () => {
    const authority = new Authority(temporaryDirectory());
    const { port } = await startTls(authority.issue('IP:127.0.0.1'));
    const { client } = await wire({ routes: [routeTo(https('127.0.0.1', port))], upstreamCa: authority.cert });
    client.send(GET);
    expect((await client.readMessage()).body).toBe('ok');
  });

  it.each([
    ['comes from an authority that is not trusted', 'DNS:localhost', false],
    ['is for another name', 'DNS:other.example', true],
    ['is for another address', 'IP:127.0.0.2', true],
  ])('whose certificate %s is refused', async (_name, subject, trusted) => {
    const authority = new Authority(temporaryDirectory());
    const { port } = await startTls(authority.issue(subject));
    const upstreamCa = trusted ? authority.cert : null;
    const { client, proxy } = await wire({ routes: [routeTo(https('localhost', port))], upstreamCa });
    client.send('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nsecret');
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 502 Bad Gateway');
    expect(body).not.toMatch(/certificate|localhost/);
    expect(proxy.access[0]?.error).toMatch(/certificate|altnames/);
  });

  it('that speaks no TLS is answered 502', async () => {
    const origin = await startOrigin();
    const { client } = await wire({ routes: [routeTo({ ...origin.target, protocol: 'https' })] });
    client.send(GET);
    (await origin.accept()).send('HTTP/1.1 400 Bad Request\r\n\r\n');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 502 Bad Gateway');
  });
});
