import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NetworkNamespace } from '../support/namespace.ts';
import { isAlive, processTree, until, withProgram } from '../support/processes.ts';
import { AS_NOBODY, NOBODY, Service, type StartOptions, unix } from '../support/service.ts';

const ORIGIN = join(import.meta.dirname, '../fixtures/origin.mjs');
/** Beyond the window within which two signals are taken for one. */
const SECOND_PRESS = 200;

describe.skipIf(process.getuid?.() !== 0)('the life of the processes', () => {
  let namespace: NetworkNamespace;
  const running: Service[] = [];

  beforeAll(async () => {
    namespace = await NetworkNamespace.open();
    const origin = namespace.spawn([process.execPath, ORIGIN]);
    if (origin.stdout !== null) await once(origin.stdout, 'data');
  });
  afterEach(async () => {
    for (const service of running.splice(0)) {
      service.signal('SIGKILL');
      await service.ended();
    }
  });
  afterAll(() => namespace.close());

  async function start(options: StartOptions = {}): Promise<Service> {
    const service = new Service(namespace, options);
    running.push(service);
    await service.ready();
    return service;
  }

  async function get(path: string): Promise<string> {
    const { output } = await namespace.run(['curl', '-s', '--max-time', '5', `http://127.0.0.1${path}`]);
    return output;
  }

  function roles(service: Service): { supervisor: number; workers: readonly number[]; all: readonly number[] } {
    const tree = processTree(service.pid);
    const [supervisor = 0] = withProgram(tree, 'supervisor-main.js');
    return { supervisor, workers: withProgram(tree, 'worker-main.js'), all: tree.map(({ pid }) => pid) };
  }

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s: finishes what is in flight, accepts no more, exit 0',
    async (signal) => {
      const service = await start();
      const { all } = roles(service);
      const slow = get('/slow');
      await sleep(300);
      service.signal(signal);
      await sleep(300);
      expect(await get('/late')).toBe('');
      expect(await slow).toBe('origin /slow');
      expect(await service.ended()).toBe(0);
      expect(all.filter(isAlive)).toEqual([]);
    },
  );

  it('cuts what is still in flight after the drain timeout, exit 0', async () => {
    const service = await start({ config: { drainTimeout: 200 } });
    const slow = get('/slow');
    await sleep(300);
    const asked = Date.now();
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    expect(Date.now() - asked).toBeLessThan(900);
    expect(await slow).toBe('');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second %s ends it at once, exit %d', async (signal, exitCode) => {
    const service = await start();
    const { all } = roles(service);
    void get('/slow');
    await sleep(300);
    service.signal(signal);
    await sleep(SECOND_PRESS);
    const asked = Date.now();
    service.signal(signal);
    expect(await service.ended()).toBe(exitCode);
    expect(Date.now() - asked).toBeLessThan(500);
    await until(() => !all.some(isAlive), 1_000);
  });

  it('signals to every process at once, as a service manager sends them, still drain', async () => {
    const service = await start();
    const slow = get('/slow');
    await sleep(300);
    // A worker with nothing to do may be gone before its turn: kill(1) does not mind.
    spawnSync('kill', ['-TERM', ...roles(service).all.map(String)], { stdio: 'ignore' });
    expect(await slow).toBe('origin /slow');
    expect(await service.ended()).toBe(0);
  });

  it('replaces a worker that was killed, and leaves its sibling alone', async () => {
    const service = await start();
    const before = roles(service);
    const [victim = 0, sibling = 0] = before.workers;
    process.kill(victim, 'SIGKILL');
    await until(() => roles(service).workers.length === 2 && !isAlive(victim));
    const after = roles(service);
    expect(after.supervisor).toBe(before.supervisor);
    expect(after.workers).toContain(sibling);
    for (let i = 0; i < 10; i++) expect(await get('/x')).toBe('origin /x');
    expect(service.errors()).toContain('worker ended and is replaced');
  });

  it('refuses no connection while its only worker is replaced', async () => {
    const service = await start({ config: { workers: 1 } });
    const [victim = 0] = roles(service).workers;
    process.kill(victim, 'SIGKILL');
    await until(() => !isAlive(victim));
    expect(await get('/x')).toBe('origin /x');
  });

  it.each(['supervisor', 'binder'] as const)('leaves no process behind when the %s is killed', async (role) => {
    const service = await start();
    const { supervisor, all } = roles(service);
    expect(all).toHaveLength(4);
    process.kill(role === 'binder' ? service.pid : supervisor, 'SIGKILL');
    await until(() => !all.some(isAlive), 3_000);
    expect(await service.ended()).toBe(role === 'binder' ? null : 1);
  });

  it('gives up when no worker ever starts', async () => {
    const service = new Service(namespace, { env: { NODE_OPTIONS: '--require=/nonexistent.js' } });
    running.push(service);
    expect(await service.ended()).not.toBe(0);
  });

  it('writes an access log of whole lines, flushed when it ends', async () => {
    const service = await start({ config: { accessLog: 'json' } });
    await Promise.all(Array.from({ length: 10 }, (_, index) => get(`/${index}`)));
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    const lines = service.output().trimEnd().split('\n').slice(1);
    expect(lines.map((line) => JSON.parse(line).target).sort()).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`));
  });

  describe('on a unix socket', () => {
    let directory: string;
    let path: string;

    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'lowport-sock-'));
      path = join(directory, 'http.sock');
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    it('serves with the mode and owner it should have, replaces a stale file, refuses a live one', async () => {
      const service = await start({ config: { listen: [unix(path, 0o660)] } });
      expect(lstatSync(path)).toMatchObject({ uid: NOBODY, gid: NOBODY });
      expect(lstatSync(path).mode & 0o777).toBe(0o660);
      expect(await getUnix(path)).toBe('origin /x');
      service.signal('SIGTERM');
      expect(await service.ended()).toBe(0);
      // The directory is root's: the stale file is the next start's business.
      expect(existsSync(path)).toBe(true);
      const again = await start({ config: { listen: [unix(path)] } });
      expect(await getUnix(path)).toBe('origin /x');
      const second = new Service(namespace, { config: { listen: [unix(path)] } });
      expect(await second.failure()).toMatchObject({ code: 'ADDRESS_IN_USE' });
      expect(await second.ended()).toBe(4);
      again.signal('SIGTERM');
      await again.ended();
    });

    it('removes the file at the end where it may', async () => {
      const own = join(directory, 'own');
      mkdirSync(own);
      chmodSync(directory, 0o755);
      chownSync(own, NOBODY, NOBODY);
      const socket = join(own, 's');
      const service = await start({ wrapper: AS_NOBODY, config: { listen: [unix(socket)] } });
      expect(await getUnix(socket)).toBe('origin /x');
      service.signal('SIGTERM');
      expect(await service.ended()).toBe(0);
      expect(readdirSync(own)).toEqual([]);
    });

    it('refuses a path where something else is', async () => {
      const file = join(directory, 'precious');
      writeFileSync(file, 'precious');
      const service = new Service(namespace, { config: { listen: [unix(file)] } });
      expect(await service.failure()).toMatchObject({ code: 'ADDRESS_IN_USE' });
    });
  });
});

function getUnix(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/x', headers: { connection: 'close' } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}
