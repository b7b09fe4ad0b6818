import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { run, succeed, temporaryDirectory } from '../support/commands.ts';
import { Lowport } from '../support/lowport.ts';
import { DOCUMENT_SHA256, type Echo, listenLocally, Origin, sha256 } from '../support/origin.ts';

const DOWNLOAD = randomBytes(20 * 1024 * 1024);

describe('curl through the forward proxy', () => {
  const directory = temporaryDirectory();
  const certificate = join(directory.path, 'certificate.pem');
  const running: Lowport[] = [];
  let origin: Origin;
  let secure: Server;
  let securePort = 0;

  beforeAll(async () => {
    origin = await Origin.open();
    const key = join(directory.path, 'key.pem');
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const request = ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await succeed([...request, '-days', '2', '-keyout', key, '-out', certificate, ...subject]);
    secure = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, response) => {
      response.end(DOWNLOAD);
    });
    securePort = await listenLocally(secure);
  });
  afterEach(async () => {
    for (const lowport of running.splice(0)) expect(await lowport.stop()).toBe(0);
  });
  afterAll(() => {
    origin.close();
    secure.closeAllConnections();
    secure.close();
    directory.remove();
  });

  async function start(...args: readonly string[]): Promise<Lowport> {
    const lowport = await Lowport.start(['--port', '0', ...args]);
    running.push(lowport);
    return lowport;
  }

  function curl(lowport: Lowport, ...args: readonly string[]): ReturnType<typeof run> {
    return run(['curl', '-q', '-sS', '--max-time', '20', '-x', lowport.url, ...args]);
  }

  function at(path: string): string {
    return `http://127.0.0.1:${origin.port}${path}`;
  }

  it('passes a plain request on as an origin wants it, and tells nothing of the client', async () => {
    const lowport = await start();
    const { output } = await curl(lowport, at('/a%2Fb?q'), '-H', 'X-A: 1');
    const { target, fields }: Echo = JSON.parse(output);
    expect(target).toBe('/a%2Fb?q');
    expect(fields.filter(([name]) => name !== 'User-Agent' && name !== 'Via')).toEqual([
      ['Host', `127.0.0.1:${origin.port}`],
      ['Accept', '*/*'],
      ['X-A', '1'],
    ]);
  });

  it('passes downloads, uploads and answers without a body on', async () => {
    const lowport = await start();
    expect(sha256((await curl(lowport, at('/chunked'))).output)).toBe(DOCUMENT_SHA256);
    expect(sha256((await curl(lowport, '--http1.0', at('/chunked'))).output)).toBe(DOCUMENT_SHA256);
    expect((await curl(lowport, '-I', at('/document'), '-w', '%{http_code}', '-o', '/dev/null')).output).toBe('200');
    const file = join(directory.path, 'upload');
    writeFileSync(file, DOWNLOAD);
    const upload = await curl(lowport, '-T', file, at('/up'));
    expect(JSON.parse(upload.output)).toMatchObject({ bytes: DOWNLOAD.length, sha256: sha256(DOWNLOAD) });
  });

  it('opens tunnels: --proxytunnel for http, CONNECT for https', async () => {
    const lowport = await start('--connect-ports', String(origin.port), '--connect-ports', String(securePort));
    expect(sha256((await curl(lowport, '--proxytunnel', at('/document'))).output)).toBe(DOCUMENT_SHA256);
    const saved = join(directory.path, 'saved');
    const url = `https://localhost:${securePort}/`;
    expect((await curl(lowport, '--cacert', certificate, '-o', saved, url)).errors).toBe('');
    expect(readFileSync(saved).equals(DOWNLOAD)).toBe(true);
  });

  it('opens no tunnel to a port that is not for tunnels', async () => {
    const lowport = await start();
    const { code, errors } = await curl(lowport, '--proxytunnel', at('/document'));
    expect([code, errors]).toEqual([56, expect.stringContaining('403')]);
  });

  it.each(['plain', 'tunnel'])('%s: asks for the password, and takes the right one only', async (way) => {
    const file = join(directory.path, 'password');
    writeFileSync(file, 'open: sesame\n', { mode: 0o600 });
    const lowport = await start('--auth', `alice:${file}`, '--connect-ports', String(origin.port));
    const tunnel = way === 'tunnel' ? ['--proxytunnel'] : [];
    const format = ['-w', '%{stderr}%{http_connect}/%{http_code}'];
    for (const user of [[], ['--proxy-user', 'alice:wrong'], ['--proxy-user', 'bob:open: sesame']]) {
      const { errors } = await curl(lowport, ...tunnel, ...user, ...format, at('/echo'));
      expect(errors).toContain(way === 'tunnel' ? '407/000' : '000/407');
    }
    const { output, errors } = await curl(
      lowport,
      ...tunnel,
      '--proxy-user',
      'alice:open: sesame',
      ...format,
      at('/x'),
    );
    expect(errors).toBe(way === 'tunnel' ? '200/200' : '000/200');
    const { fields }: Echo = JSON.parse(output);
    expect(fields.map(([name]) => name.toLowerCase())).not.toContain('proxy-authorization');
    expect(`${lowport.output()}${lowport.errors()}`).not.toContain('sesame');
  });

  it('lets curl choose the scheme of the password (--proxy-anyauth)', async () => {
    const file = join(directory.path, 'password');
    writeFileSync(file, 'secret\n', { mode: 0o600 });
    const lowport = await start('--auth', `alice:${file}`);
    const { output } = await curl(lowport, '--proxy-anyauth', '--proxy-user', 'alice:secret', at('/document'));
    expect(sha256(output)).toBe(DOCUMENT_SHA256);
  });

  it('obeys X-Proxy-Server only where it is told to', async () => {
    const field = ['-H', `X-Proxy-Server: 127.0.0.1:${origin.port}`];
    const direct = ['curl', '-q', '-sS', '--max-time', '20', '-w', '%{stderr}%{http_code}'];
    const closed = await start();
    expect((await run([...direct, ...field, `${closed.url}/x`])).errors).toBe('404');
    const open = await start('--header-routing');
    const { output } = await run([...direct, ...field, '-H', 'X-Proxy-Host: shop.example', `${open.url}/x`]);
    const { fields }: Echo = JSON.parse(output);
    expect(fields).toContainEqual(['Host', 'shop.example']);
    expect(fields.map(([name]) => name.toLowerCase())).not.toContain('x-proxy-server');
  });

  it('answers a visit with a page about itself, in the form the visitor reads', async () => {
    const lowport = await start();
    const plain = await run(['curl', '-q', '-sS', lowport.url]);
    expect(plain.output).toContain(`curl -x ${lowport.url} http://example.com/`);
    const json = await run(['curl', '-q', '-sS', '-H', 'Accept: application/json', lowport.url]);
    expect(JSON.parse(json.output)).toMatchObject({ name: 'lowport', role: 'forward proxy' });
  });

  it('is beside the targets where that is asked for', async () => {
    const lowport = await start('--forward', '--target', at(''));
    expect(sha256((await run(['curl', '-q', '-sS', `${lowport.url}/document`])).output)).toBe(DOCUMENT_SHA256);
    expect(sha256((await curl(lowport, at('/document'))).output)).toBe(DOCUMENT_SHA256);
  });

  it('verifies an https target by the given certificate, and refuses it without', async () => {
    const target = ['--target', `https://localhost:${securePort}`];
    const trusting = await start(...target, '--upstream-ca', certificate);
    const saved = join(directory.path, 'verified');
    expect((await run(['curl', '-q', '-sS', '-o', saved, trusting.url])).code).toBe(0);
    expect(readFileSync(saved).equals(DOWNLOAD)).toBe(true);
    const doubting = await start(...target);
    const { output } = await run(['curl', '-q', '-sS', '-o', saved, '-w', '%{http_code}', doubting.url]);
    expect(output).toBe('502');
  });
});
