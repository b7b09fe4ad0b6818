import { cpSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, run, succeed, temporaryDirectory } from '../support/commands.ts';
import { Lowport, lowportCommand, ROOT } from '../support/lowport.ts';
import { DOCUMENT, listenLocally, Origin } from '../support/origin.ts';

const COMBINED =
  /^127\.0\.0\.1 - - \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/document HTTP\/1\.1" 200 \d+ "-" "([^"\\]|\\.)*"$/;

/** What is looked at of a line of the access log. */
interface Entry {
  readonly time: string;
  readonly status: number;
  readonly upstream: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly duration: number;
  readonly firstByte: number;
}

describe('a run of the program', () => {
  const directory = temporaryDirectory();
  const running: Lowport[] = [];
  let origin: Origin;

  beforeAll(async () => {
    origin = await Origin.open();
  });
  afterEach(async () => {
    for (const lowport of running.splice(0)) await lowport.stop();
  });
  afterAll(() => {
    origin.close();
    directory.remove();
  });

  async function start(...args: readonly string[]): Promise<Lowport> {
    const lowport = await Lowport.start(args);
    running.push(lowport);
    return lowport;
  }

  function curl(...args: readonly string[]): ReturnType<typeof run> {
    return run(['curl', '-q', '-sS', '--max-time', '10', ...args]);
  }

  /** The access log in the order of the requests: each worker writes its lines when it has some. */
  function entriesOf(lowport: Lowport): readonly Entry[] {
    const lines = lowport.output().trimEnd().split('\n');
    const entries: Entry[] = lines.map((line) => JSON.parse(line));
    return entries.sort((one, other) => one.time.localeCompare(other.time));
  }

  it('--access-log json: one object a line, with the sizes, the times and the real client', async () => {
    const lowport = await start(String(origin.port), '--port', '0', '--access-log', '--trust-proxy', '127.0.0.1/32');
    const { url } = lowport;
    await curl(`${url}/document?q`, '-A', 'a "browser"\t\\', '-e', 'http://from.example/', '-u', 'alice:sesame');
    await curl(`${url}/up`, '--data', 'x'.repeat(5_000), '-H', 'X-Forwarded-For: 203.0.113.9');
    await curl(`${url}/truncated`);
    expect(await lowport.stop()).toBe(0);
    expect(lowport.output()).not.toMatch(/[^\n\x20-\x7e]|sesame|YWxpY2U6c2VzYW1l/);
    const [get, post, truncated, ...others] = entriesOf(lowport);
    expect(others).toEqual([]);
    expect(get).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      requestId: expect.stringMatching(/./),
      client: '127.0.0.1',
      method: 'GET',
      target: '/document?q',
      host: `127.0.0.1:${lowport.port}`,
      httpVersion: '1.1',
      status: 200,
      bytesIn: expect.any(Number),
      bytesOut: expect.any(Number),
      duration: expect.any(Number),
      firstByte: expect.any(Number),
      route: expect.any(String),
      upstream: `http://127.0.0.1:${origin.port}`,
      referer: 'http://from.example/',
      userAgent: 'a "browser"\t\\',
      error: '',
    });
    expect(get?.bytesOut).toBeGreaterThan(DOCUMENT.length);
    expect(get?.duration).toBeGreaterThanOrEqual(get?.firstByte ?? Number.NaN);
    expect(post).toMatchObject({ method: 'POST', client: '203.0.113.9', status: 200, error: '' });
    expect(post?.bytesIn).toBeGreaterThan(5_000);
    expect(post?.bytesIn).toBeLessThan(5_500);
    expect(truncated).toMatchObject({ status: 200, error: expect.stringMatching(/./) });
  });

  it('--access-log combined: the format that log analysers read', async () => {
    const lowport = await start(String(origin.port), '--port', '0', '--access-log', 'combined');
    await curl(`${lowport.url}/document`, '-A', 'a "browser"');
    expect(await lowport.stop()).toBe(0);
    expect(lowport.output()).toMatch(/^[^\n]*\n$/);
    expect(lowport.output().trimEnd()).toMatch(COMBINED);
  });

  it('writes the banner to stderr, and nothing to stdout', async () => {
    const lowport = await start(String(origin.port), '--port', '0', '--workers', '1');
    await curl(`${lowport.url}/document`);
    expect(await lowport.stop()).toBe(0);
    expect(lowport.output()).toBe('');
    expect(lowport.errors()).toMatch(
      /^lowport \d+\.\d+\.\d+\n {2}http:\/\/\*:\d+ +→ http:\/\/127\.0\.0\.1:\d+\n {2}socket .+\n {2}running {2}as .+, 1 worker\n$/,
    );
  });

  it('serves what lowport.yaml says: listeners, routes by host and path, and 404 for the rest', async () => {
    const file = join(directory.path, 'lowport.yaml');
    const [first, second] = [await Origin.open(), await Origin.open()];
    const listen = ['listen:', '  - host: 127.0.0.1', '    port: 0'];
    const routes = [
      'routes:',
      '  - host: api.example.com',
      '    path: /v1',
      `    targets: [http://127.0.0.1:${first.port}, http://127.0.0.1:${first.port}]`,
      '  - host: "*.example.com"',
      `    target: http://127.0.0.1:${second.port}`,
      '    rewriteHost: true',
    ];
    writeFileSync(file, [...listen, ...routes, 'log:', '  access: json', ''].join('\n'));
    const lowport = await start('--config', file);
    for (const [host, path] of [
      ['API.example.com', '/v1/x'],
      ['api.example.com', '/v10'],
      ['www.example.com:80', '/'],
      ['example.com', '/'],
    ] as const) {
      await curl('-H', `Host: ${host}`, `${lowport.url}${path}`);
    }
    expect(await lowport.stop()).toBe(0);
    const entries = entriesOf(lowport);
    expect(entries.map(({ status, upstream }) => [status, upstream])).toEqual([
      [200, `http://127.0.0.1:${first.port}`],
      [200, `http://127.0.0.1:${second.port}`],
      [200, `http://127.0.0.1:${second.port}`],
      [404, ''],
    ]);
    first.close();
    second.close();
  });

  it('a target that refuses is left out, and its request goes to the next', async () => {
    const lowport = await start('--target', '1', '--target', String(origin.port), '--port', '0', '--workers', '1');
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => curl('-o', '/dev/null', '-w', '%{http_code}', `${lowport.url}/document`)),
    );
    expect(answers.map(({ output }) => output)).toEqual(Array(6).fill('200'));
  });

  it('exit 4 on a port in use, with who holds it', async () => {
    const holder: Server = createServer();
    const port = await listenLocally(holder);
    const { code, output, errors } = await run(lowportCommand(['3000', '--port', String(port)]));
    holder.close();
    expect([code, output]).toEqual([4, '']);
    expect(errors).toMatch(new RegExp(`^✗ port ${port}: `));
    expect(errors).toContain(`(pid ${process.pid}, `);
    expect(errors).toContain(`127.0.0.1:${port}`);
  });

  it('ends what is in flight before it goes, and takes nothing new', async () => {
    const lowport = await start(String(origin.port), '--port', '0');
    const held = curl('-N', `${lowport.url}/held`);
    await sleep(500);
    const ended = lowport.stop();
    await sleep(500);
    expect((await curl(`${lowport.url}/document`)).code).toBe(7);
    origin.release();
    expect((await held).output).toBe('first half\nsecond half\n');
    expect(await ended).toBe(0);
  });
});

describe('npm start', () => {
  const directory = temporaryDirectory();
  afterAll(() => directory.remove());

  it('builds what is not built, says nothing when all is ready, and passes its arguments on', async () => {
    const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts', 'src'];
    for (const file of files) cpSync(join(ROOT, file), join(directory.path, file), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(directory.path, 'node_modules'));
    // What is installed is not this test's to renew.
    utimesSync(join(directory.path, 'package-lock.json'), 0, 0);
    const options = { cwd: directory.path, env: cleanEnvironment({ npm_config_loglevel: 'silent' }) };
    const first = await run(['npm', 'start', '--', '--version'], options);
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      errors: 'building …\n',
    });
    const second = await run(['npm', 'start', '--', '3000', '--port', '8080', '--check'], options);
    expect(second).toMatchObject({ code: 0, errors: '' });
    expect(second.output).toContain('*:8080  → http://127.0.0.1:3000\n');
    expect(await succeed(['npm', 'start', '--', '--version'], options)).toBe(first.output);
  });
});
