import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NetworkNamespace } from '../support/namespace.ts';
import { NO_PRIVILEGES, privilegesOf, processTree, until } from '../support/processes.ts';
import { AS_NOBODY, Service, type StartOptions, tcp } from '../support/service.ts';

const ORIGIN = join(import.meta.dirname, '../fixtures/origin.mjs');
const TWO_SOCKETS = ['systemd-socket-activate', '-l', '80', '-l', '127.0.0.1:81', '--fdname=http:admin'];

describe.skipIf(process.getuid?.() !== 0)('sockets that were passed', () => {
  let namespace: NetworkNamespace;
  const running: Service[] = [];

  beforeAll(async () => {
    namespace = await NetworkNamespace.open();
    const origin = namespace.spawn([process.execPath, ORIGIN]);
    if (origin.stdout !== null) await once(origin.stdout, 'data');
  });
  afterEach(async () => {
    for (const service of running.splice(0)) {
      service.signal('SIGTERM');
      await service.ended();
    }
  });
  afterAll(() => namespace.close());

  function start(options: StartOptions): Service {
    const service = new Service(namespace, options);
    running.push(service);
    return service;
  }

  async function get(port: number): Promise<string> {
    const { output } = await namespace.run(['curl', '-s', '--max-time', '5', `http://127.0.0.1:${port}/x`]);
    return output;
  }

  it.each([
    ['root', TWO_SOCKETS],
    ['a user', [...TWO_SOCKETS, ...AS_NOBODY]],
  ])('systemd-socket-activate with two named sockets, as %s', async (_, wrapper) => {
    const service = start({ wrapper });
    // It starts the program with the first connection.
    await until(async () => (await get(80)) === 'origin /x');
    expect(await get(81)).toBe('origin /x');
    expect(await service.ready()).toMatchObject({
      listeners: ['http://[::]', 'http://127.0.0.1:81'],
      socket: "passed as 'http', 'admin' (LISTEN_FDS)",
      runningAs: 'nobody (uid 65534), no capabilities',
      pid: service.pid,
    });
    const tree = processTree(service.pid);
    expect(tree).toHaveLength(3);
    for (const { pid } of tree) expect(privilegesOf(pid)).toEqual(NO_PRIVILEGES);
  });

  it('serves only the socket that was asked for, by name', async () => {
    const service = start({ wrapper: TWO_SOCKETS, config: { listen: [tcp(8081, 'admin')] } });
    await until(async () => (await get(81)) === 'origin /x');
    expect((await service.ready()).listeners).toEqual(['http://127.0.0.1:81']);
    expect(service.errors()).toContain("fd 3 'http' at [::]:80");
  });

  it('a listener that was not passed is an error that lists what was', async () => {
    const service = start({ wrapper: TWO_SOCKETS, config: { listen: [tcp(8443)] } });
    await until(async () => (await get(80)) !== 'never' && service.output() !== '');
    const failure = await service.failure();
    expect(failure).toMatchObject({ code: 'INHERITED_SOCKET', message: 'no inherited socket for *:8443' });
    expect(failure.why).toEqual(["passed to this process: fd 3 'http' at [::]:80, fd 4 'admin' at 127.0.0.1:81"]);
  });

  it('sockets for another process are none of ours: it binds itself, and says so', async () => {
    const service = start({ env: { LISTEN_FDS: '1', LISTEN_PID: '1' } });
    expect((await service.ready()).socket).toBe('bound as root, then dropped');
    expect(service.errors()).toContain('sockets were passed to another process');
  });

  it.each([
    ['a regular file', '</etc/passwd'],
    ['no file (was it open when this program started?)', '<&-'],
    ['a pipe', '< <(sleep 1)'],
    ['a UDP socket', '<>/dev/udp/127.0.0.1/9'],
    ['a TCP socket that does not listen (one accepted connection?)', '<>/dev/tcp/127.0.0.1/3000'],
  ])('%s instead of a socket is an error', async (what, redirection) => {
    const script = `exec 3${redirection}; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=http exec "$@"`;
    const service = start({ wrapper: ['bash', '-c', script, 'bash'] });
    expect(await service.failure()).toMatchObject({
      code: 'INHERITED_SOCKET',
      message: "descriptor 3 ('http') is not a listening stream socket",
      why: [`it is ${what}`],
    });
    expect(await service.ended()).toBe(1);
  });

  it('the variables are not passed on', async () => {
    const service = start({ wrapper: TWO_SOCKETS });
    await until(async () => (await get(80)) === 'origin /x');
    await service.ready();
    const workers = processTree(service.pid).slice(1);
    // The workers have their own LISTEN_PID: that of each.
    for (const { pid } of workers) {
      const { output } = await namespace.run(['cat', `/proc/${pid}/environ`]);
      expect(output).toContain(`LISTEN_PID=${pid}\0`);
    }
  });
});
