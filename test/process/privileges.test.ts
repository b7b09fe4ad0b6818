import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NetworkNamespace } from '../support/namespace.ts';
import { NO_PRIVILEGES, privilegesOf, processTree, withProgram } from '../support/processes.ts';
import { AS_NOBODY, NOBODY, Service, type StartOptions, tcp } from '../support/service.ts';

const ORIGIN = join(import.meta.dirname, '../fixtures/origin.mjs');
const EARLY_CLIENTS = join(import.meta.dirname, '../fixtures/early-clients.mjs');

describe.skipIf(process.getuid?.() !== 0)('privileges while serving port 80', () => {
  let namespace: NetworkNamespace;
  let service: Service | null = null;

  beforeAll(async () => {
    namespace = await NetworkNamespace.open();
    const origin = namespace.spawn([process.execPath, ORIGIN]);
    if (origin.stdout !== null) await once(origin.stdout, 'data');
  });
  afterEach(async () => {
    service?.signal('SIGTERM');
    await service?.ended();
    service = null;
  });
  afterAll(() => namespace.close());

  function start(options: StartOptions): Service {
    service = new Service(namespace, options);
    return service;
  }

  async function expectAnswer(): Promise<void> {
    const { output } = await namespace.run(['curl', '-sS', '--max-time', '5', 'http://127.0.0.1/x']);
    expect(output).toBe('origin /x');
  }

  /** The supervisor and the workers of a service that runs. */
  function servers(pid: number): readonly number[] {
    const tree = processTree(pid);
    return [...withProgram(tree, 'supervisor-main.js'), ...withProgram(tree, 'worker-main.js')];
  }

  it('started by root: nobody is root', async () => {
    const { pid, ready } = handle(start({}));
    const info = await ready;
    await expectAnswer();
    expect(info).toMatchObject({
      listeners: ['http://*'],
      socket: 'bound as root, then dropped',
      runningAs: 'nobody (uid 65534), no capabilities',
      workers: 2,
      pid,
    });
    const tree = processTree(pid);
    expect(tree).toHaveLength(4);
    for (const process of tree) expect(privilegesOf(process.pid)).toEqual(NO_PRIVILEGES);
  });

  it('started through sudo: serves as who called it', async () => {
    const { pid, ready } = handle(start({ env: { SUDO_UID: '12345', SUDO_GID: '12345' } }));
    expect((await ready).runningAs).toBe('uid 12345, no capabilities');
    await expectAnswer();
    for (const process of processTree(pid)) expect(privilegesOf(process.pid)).toEqual(NO_PRIVILEGES);
  });

  it.each(['root', '0'])('refuses to serve as %s', async (user) => {
    const failed = start({ config: { user } });
    expect(await failed.failure()).toMatchObject({ code: 'USAGE', message: 'lowport does not serve as root' });
    expect(await failed.ended()).toBe(2);
  });

  it('names a user that does not exist', async () => {
    expect(await start({ config: { user: 'no-such-user' } }).failure()).toMatchObject({ code: 'UNKNOWN_USER' });
  });

  it('started with an ambient capability: only the binder keeps it', async () => {
    const capability = ['--inh-caps=+net_bind_service', '--ambient-caps=+net_bind_service'];
    const { pid, ready } = handle(start({ wrapper: [...AS_NOBODY, ...capability] }));
    expect(await ready).toMatchObject({
      socket: 'bound with CAP_NET_BIND_SERVICE, which only the idle binder keeps',
      runningAs: 'nobody (uid 65534), no capabilities',
    });
    await expectAnswer();
    expect(servers(pid)).toHaveLength(3);
    for (const server of servers(pid)) expect(privilegesOf(server)).toEqual(NO_PRIVILEGES);
  });

  it('a user without any privilege: says that it may not', async () => {
    const failed = start({ wrapper: AS_NOBODY });
    expect(await failed.failure()).toMatchObject({ code: 'NOT_PERMITTED' });
    expect(await failed.ended()).toBe(3);
  });

  it('a user without any privilege on a port that needs none', async () => {
    const { ready } = handle(start({ wrapper: AS_NOBODY, config: { listen: [tcp(8080)] } }));
    expect(await ready).toMatchObject({ socket: 'no privilege needed (port 8080)', listeners: ['http://*:8080'] });
  });

  it('a user who asks to become somebody else: says that only root may', async () => {
    const failed = start({ wrapper: AS_NOBODY, config: { user: 'daemon', listen: [tcp(8080)] } });
    expect(await failed.failure()).toMatchObject({ code: 'NOT_PERMITTED', message: 'cannot serve as daemon' });
  });

  it('a port in use: says so, exit 4', async () => {
    await handle(start({})).ready;
    const second = new Service(namespace);
    expect(await second.failure()).toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(await second.ended()).toBe(4);
  });

  it('the binder accepts nothing: whoever connects while it starts is answered', async () => {
    const clients = namespace.spawn([process.execPath, EARLY_CLIENTS, '80', '300']);
    let summary = '';
    clients.stdout?.on('data', (chunk: Buffer) => {
      summary += chunk.toString();
    });
    start({});
    await once(clients, 'close');
    expect(JSON.parse(summary)).toEqual({ answered: 300, lost: [] });
  });

  describe('with a file capability on node', () => {
    let directory: string;
    let node: string;

    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'lowport-node-'));
      chmodSync(directory, 0o755);
      node = join(directory, 'node');
      copyFileSync(process.execPath, node);
      chmodSync(node, 0o755);
      execFileSync('setcap', ['cap_net_bind_service=ep', node]);
    });
    afterAll(() => rmSync(directory, { recursive: true }));

    it('only the binder keeps it, and no server can gain it', async () => {
      const { pid, ready } = handle(start({ wrapper: AS_NOBODY, node }));
      expect((await ready).runningAs).toBe('nobody (uid 65534), no capabilities');
      await expectAnswer();
      expect(servers(pid)).toHaveLength(3);
      for (const server of servers(pid)) expect(privilegesOf(server)).toEqual(NO_PRIVILEGES);
      const { output } = await namespace.run([...AS_NOBODY, 'sh', '-c', `ls -l /proc/${pid}/exe || echo shielded`]);
      expect(output).toContain('shielded');
    });
  });

  it('runs as that user where a name is given', async () => {
    const { pid, ready } = handle(start({ config: { user: String(NOBODY) } }));
    expect((await ready).runningAs).toBe('nobody (uid 65534), no capabilities');
    expect(privilegesOf(pid)).toEqual(NO_PRIVILEGES);
  });
});

function handle(service: Service): { pid: number; ready: ReturnType<Service['ready']> } {
  return { pid: service.pid, ready: service.ready() };
}
