import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finished, HERE, run, temporaryDirectory } from '../support/commands.ts';
import { Lowport } from '../support/lowport.ts';
import { collect } from '../support/namespace.ts';
import { DOCUMENT, DOCUMENT_SHA256, type Echo, GZIPPED, Origin, sha256 } from '../support/origin.ts';
import { until } from '../support/processes.ts';

const UPLOAD = randomBytes(20 * 1024 * 1024);
const UPLOAD_SHA256 = sha256(UPLOAD);

describe('curl through the reverse proxy', () => {
  const directory = temporaryDirectory();
  const saved = join(directory.path, 'saved');
  const upload = join(directory.path, 'upload');
  let origin: Origin;
  let lowport: Lowport;

  beforeAll(async () => {
    writeFileSync(upload, UPLOAD);
    origin = await Origin.open();
    lowport = await Lowport.start([String(origin.port), '--port', '0']);
  });
  afterAll(async () => {
    expect(await lowport.stop()).toBe(0);
    origin.close();
    directory.remove();
  });

  function curl(path: string, ...args: readonly string[]): ReturnType<typeof run> {
    return run(['curl', '-q', '-sS', '--max-time', '20', ...args, `${lowport.url}${path}`]);
  }

  async function echo(path: string, ...args: readonly string[]): Promise<Echo> {
    const { output, errors } = await curl(path, ...args);
    expect(errors).toBe('');
    return JSON.parse(output);
  }

  it('adds to a GET what a proxy has to say of itself, and nothing else', async () => {
    const { method, target, fields } = await echo('/a%2Fb/../c?q=%7E', '--path-as-is', '-H', 'X-A: 1', '-H', 'X-A: 2');
    expect([method, target]).toEqual(['GET', '/a%2Fb/../c?q=%7E']);
    const host = `127.0.0.1:${lowport.port}`;
    expect(fields.filter(([name]) => name !== 'Via' && name !== 'User-Agent')).toEqual([
      ['Host', host],
      ['Accept', '*/*'],
      ['X-A', '1'],
      ['X-A', '2'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['X-Forwarded-Proto', 'http'],
      ['X-Forwarded-Port', String(lowport.port)],
      ['X-Forwarded-Host', host],
    ]);
    expect(fields.find(([name]) => name === 'Via')?.[1]).toMatch(/^1\.1 lowport/);
  });

  it('answers HEAD without a body, and goes on with the same connection', async () => {
    const { output } = await curl('/document', '-I', `${lowport.url}/document`, '-w', '%{num_connects}\n');
    expect(output.match(new RegExp(`Content-Length: ${DOCUMENT.length}\r\n`, 'g'))).toHaveLength(2);
    expect(output.split('\n').filter((line) => /^\d+$/.test(line))).toEqual(['1', '0']);
  });

  it('passes a form on', async () => {
    const { method, bytes, fields } = await echo('/form', '--data', 'a=1&b=2');
    expect([method, bytes]).toEqual(['POST', 7]);
    expect(fields).toContainEqual(['Content-Type', 'application/x-www-form-urlencoded']);
  });

  it('takes a large upload that waits for 100 Continue', async () => {
    const { output, errors } = await curl('/up', '-T', upload, '-v', '-H', 'Expect: 100-continue');
    expect(errors).toContain('< HTTP/1.1 100 Continue');
    expect(JSON.parse(output)).toMatchObject({ method: 'PUT', bytes: UPLOAD.length, sha256: UPLOAD_SHA256 });
  });

  it.each([
    ['with its length', ['-H', 'Expect:']],
    ['chunked', ['-H', 'Transfer-Encoding: chunked']],
    ['chunked, at once', ['-H', 'Transfer-Encoding: chunked', '-H', 'Expect:']],
  ])('takes a large upload %s', async (_, args) => {
    expect(await echo('/up', '-T', upload, ...args)).toMatchObject({ bytes: UPLOAD.length, sha256: UPLOAD_SHA256 });
  });

  it('tells a client that waits with its upload that the origin does not want it', async () => {
    const { output } = await curl('/refused', '-T', upload, '-H', 'Expect: 100-continue', '-w', ' %{http_code}');
    expect(output).toBe('too large 413');
  });

  it('serves ranges, and lets a broken download go on', async () => {
    const part = await curl('/document', '-r', '100-199', '-w', '%{stderr}%{http_code}');
    expect([part.output, part.errors]).toEqual([DOCUMENT.toString().slice(100, 200), '206']);
    writeFileSync(saved, DOCUMENT.subarray(0, 1_000));
    expect((await curl('/document', '-C', '-', '-o', saved)).code).toBe(0);
    expect(readFileSync(saved).equals(DOCUMENT)).toBe(true);
  });

  it.each(['/document', '/chunked', '/until-close'])(
    'gives all of %s to HTTP/1.0 and HTTP/1.1 clients',
    async (path) => {
      for (const version of ['--http1.0', '--http1.1']) {
        const { code, output } = await curl(path, version, '-D', saved);
        expect([code, sha256(output)]).toEqual([0, DOCUMENT_SHA256]);
        const isChunked = version === '--http1.1' && path !== '/document';
        expect(/transfer-encoding: chunked/i.test(readFileSync(saved, 'latin1'))).toBe(isChunked);
      }
    },
  );

  it('leaves a compressed body as it is', async () => {
    expect((await curl('/gzip', '-o', saved, '-H', 'Accept-Encoding: gzip')).code).toBe(0);
    expect(readFileSync(saved).equals(GZIPPED)).toBe(true);
    expect(sha256((await curl('/gzip', '--compressed')).output)).toBe(DOCUMENT_SHA256);
  });

  it('passes a redirect on instead of following it', async () => {
    const { output } = await curl('/redirect', '-w', '%{http_code} %{redirect_url} %{size_download}');
    expect(output).toBe(`302 ${lowport.url}/document?followed 0`);
    const followed = await curl('/redirect', '-L');
    expect(sha256(followed.output)).toBe(DOCUMENT_SHA256);
  });

  it('keeps every Set-Cookie', async () => {
    const { output } = await curl('/cookies', '-i');
    expect(output.match(/^Set-Cookie: .*$/gm)).toEqual(['Set-Cookie: a=1; Path=/', 'Set-Cookie: b=2; Path=/']);
  });

  it('shows the first half of an answer while the origin holds the second', async () => {
    const child = HERE.spawn(['curl', '-q', '-sSN', '--max-time', '20', `${lowport.url}/held`]);
    const seen = collect(child.stdout);
    const end = finished(child);
    await until(() => seen() === 'first half\n');
    origin.release();
    expect(await end).toMatchObject({ code: 0, output: 'first half\nsecond half\n' });
  });

  it.each([
    ['/truncated', '--http1.1'],
    ['/truncated-chunked', '--http1.1'],
    ['/truncated-chunked', '--http1.0'],
  ])('%s: curl %s sees that the answer was cut short', async (path, version) => {
    // 18: partial file; 56: receive error.
    expect([18, 56]).toContain((await curl(path, version)).code);
  });
});

describe('curl on unix sockets', () => {
  const directory = temporaryDirectory();
  const running: Lowport[] = [];
  let origin: Origin;

  beforeAll(async () => {
    origin = await Origin.open();
  });
  afterAll(async () => {
    for (const lowport of running) expect(await lowport.stop()).toBe(0);
    origin.close();
    directory.remove();
  });

  it('takes requests on a unix socket and sends them to one', async () => {
    const [front, back] = [join(directory.path, 'front'), join(directory.path, 'back')];
    running.push(
      await Lowport.start([String(origin.port), '--host', `unix:${back}`, '--socket-mode', '0666']),
      await Lowport.start(['--target', `unix:${back}`, '--host', `unix:${front}`, '--socket-mode', '0666']),
    );
    const { output } = await run(['curl', '-q', '-sS', '--unix-socket', front, 'http://example.com/document']);
    expect(sha256(output)).toBe(DOCUMENT_SHA256);
  });
});
