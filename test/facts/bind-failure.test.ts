import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ListenAddress } from '../../src/base/address.ts';
import { NetworkNamespace } from '../support/namespace.ts';
import { AS_NOBODY, NOBODY } from '../support/service.ts';

const ROOT = join(import.meta.dirname, '../..');
const BIND = join(ROOT, 'test/fixtures/bind-and-explain.mjs');
const HOLD = join(ROOT, 'test/fixtures/hold.mjs');

/** Every address, port 80. */
const PORT_80: ListenAddress = { kind: 'tcp', host: null, port: 80 };
const PORT_8080 = 'lowport 3000 --port 8080';
const WITHOUT = `you are uid ${NOBODY} without CAP_NET_BIND_SERVICE, and unprivileged ports start at 1024 here`;
const BOUND = { bound: true };

/** What the kernel said and what lowport makes of it, process by process. */
describe.skipIf(process.getuid?.() !== 0)('explaining a bind that the kernel refused', () => {
  let namespace: NetworkNamespace;
  let directory: string;
  const holders: ChildProcess[] = [];

  beforeAll(async () => {
    namespace = await NetworkNamespace.open();
    directory = mkdtempSync(join(tmpdir(), 'lowport-bind-'));
    chmodSync(directory, 0o755);
  });
  afterEach(async () => {
    for (const holder of holders.splice(0)) {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
    }
    await portsStartAt(1024);
  });
  afterAll(() => {
    namespace.close();
    rmSync(directory, { recursive: true });
  });

  const portsStartAt = (port: number) => namespace.run(['sysctl', '-q', `net.ipv4.ip_unprivileged_port_start=${port}`]);

  async function bind(wrapper: readonly string[], address: ListenAddress = PORT_80, node = process.execPath) {
    const argv = [...wrapper, node, BIND, join(ROOT, 'dist'), JSON.stringify(address)];
    const { output, errors } = await namespace.run(argv);
    expect(errors).toBe('');
    return JSON.parse(output);
  }

  async function hold(wrapper: readonly string[], host: string, port = 80): Promise<number> {
    const child = namespace.spawn([...wrapper, process.execPath, HOLD, host, String(port)]);
    holders.push(child);
    if (child.stdout !== null) await once(child.stdout, 'data');
    return child.pid ?? 0;
  }

  it('no capability; and the ways out are ways out', async () => {
    const refused = await bind(AS_NOBODY);
    expect(refused).toMatchObject({ errno: 'EACCES', code: 'NOT_PERMITTED', why: [WITHOUT] });
    expect(refused.fixes).toContain(PORT_8080);
    expect(await bind(AS_NOBODY, { kind: 'tcp', host: null, port: 8080 })).toEqual(BOUND);
    expect(refused.fixes.join()).toContain('sysctl net.ipv4.ip_unprivileged_port_start=80');
    await portsStartAt(80);
    expect(await bind(AS_NOBODY)).toEqual(BOUND);
    expect(await bind([])).toEqual(BOUND);
  });

  it('the port rule of this machine, not 1024', async () => {
    await portsStartAt(9000);
    const { why, fixes } = await bind(AS_NOBODY, { kind: 'tcp', host: '127.0.0.1', port: 8080 });
    expect(why[0]).toMatch(/unprivileged ports start at 9000 here$/);
    expect(fixes).toContain('lowport 3000 --port 9000');
    expect(await bind(AS_NOBODY, { kind: 'tcp', host: '127.0.0.1', port: 9000 })).toEqual(BOUND);
  });

  it('root without the capability, and without a way to it', async () => {
    const { errno, why, fixes } = await bind(['setpriv', '--bounding-set=-net_bind_service']);
    expect(errno).toBe('EACCES');
    expect(why[0]).toMatch(/^you are root \(uid 0\) without CAP_NET_BIND_SERVICE/);
    expect(why[1]).toMatch(/bounding set/);
    expect(fixes).toContain('--cap-add NET_BIND_SERVICE');
  });

  it('no_new_privs', async () => {
    const { why, fixes } = await bind([...AS_NOBODY, 'setpriv', '--no-new-privs']);
    expect(why).toEqual([WITHOUT, expect.stringMatching(/^no_new_privs is set/)]);
    expect(fixes.join()).not.toMatch(/sudo lowport|--user/);
  });

  it('a full set of capabilities, of a user namespace that does not own the network', async () => {
    const { errno, why, fixes } = await bind([...AS_NOBODY, 'unshare', '--map-root-user']);
    expect(errno).toBe('EACCES');
    expect(why).toEqual([
      'you hold CAP_NET_BIND_SERVICE only within your user namespace, and this network belongs to another one',
    ]);
    expect(fixes[0]).toBe(PORT_8080);
    expect(await bind([...AS_NOBODY, 'unshare', '--map-root-user', '--net'])).toEqual(BOUND);
  });

  it('a file capability without its effective bit', async () => {
    const node = join(directory, 'node');
    copyFileSync(process.execPath, node);
    execFileSync('setcap', ['cap_net_bind_service=p', node]);
    const { errno, why } = await bind(AS_NOBODY, PORT_80, node);
    expect(errno).toBe('EACCES');
    expect(why[0]).toMatch(/^you hold CAP_NET_BIND_SERVICE as permitted but not as effective/);
    execFileSync('setcap', ['cap_net_bind_service=ep', node]);
    expect(await bind(AS_NOBODY, PORT_80, node)).toEqual(BOUND);
  });

  it('a port that is busy as well: the kernel says EACCES, lowport says both', async () => {
    await hold([], '127.0.0.1');
    const refused = await bind(AS_NOBODY);
    expect(refused).toMatchObject({ errno: 'EACCES', code: 'NOT_PERMITTED' });
    expect(refused.message).toBe('port 80: permission denied, and the port is in use');
    expect(refused.why).toEqual([
      WITHOUT,
      'the port is taken as well: a process of root (uid 0) that only root can identify listens on 127.0.0.1:80',
    ]);
    const beside = await bind(AS_NOBODY, { kind: 'tcp', host: '::1', port: 80 });
    expect(beside.why).toEqual([WITHOUT]);
    expect(await bind([], { kind: 'tcp', host: '::1', port: 80 })).toEqual(BOUND);
  });

  it.each([
    ['::', null],
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
    ['::', '127.0.0.1'],
    ['::1', '::1'],
  ])('a listener on %s against a bind to %s: who it is', async (listening, host) => {
    const pid = await hold([], listening);
    const { errno, code, why, fixes } = await bind([], { kind: 'tcp', host, port: 80 });
    expect({ errno, code }).toEqual({ errno: 'EADDRINUSE', code: 'ADDRESS_IN_USE' });
    const place = listening.includes(':') ? `[${listening}]:80` : `${listening}:80`;
    expect(why).toEqual([`node (pid ${pid}, socket of root) listens on ${place}`]);
    expect(fixes).toEqual([`kill ${pid}`, PORT_8080]);
  });

  it('a busy port on which privilege is no question: your own process by its name', async () => {
    await portsStartAt(80);
    const pid = await hold(AS_NOBODY, '::');
    const { errno, why, fixes } = await bind(AS_NOBODY);
    expect(errno).toBe('EADDRINUSE');
    expect(why).toEqual([`node (pid ${pid}, socket of nobody) listens on [::]:80`]);
    expect(fixes[0]).toBe(`kill ${pid}`);
  });

  it('an alternative that is not busy itself', async () => {
    await hold([], '127.0.0.1', 8080);
    expect((await bind(AS_NOBODY)).fixes).toContain('lowport 3000 --port 8081');
  });

  it('an address that is not there: IPv4 looks at it first, IPv6 at the privilege', async () => {
    const ipv4 = await bind(AS_NOBODY, { kind: 'tcp', host: '203.0.113.1', port: 80 });
    expect(ipv4).toMatchObject({ errno: 'EADDRNOTAVAIL', code: 'ADDRESS_NOT_AVAILABLE' });
    expect(ipv4.why).toEqual([
      'no interface of this machine has 203.0.113.1',
      'it has 127.0.0.1 (lo), ::1 (lo)',
      `the port is the next obstacle: ${WITHOUT}`,
    ]);
    const ipv6: ListenAddress = { kind: 'tcp', host: '2001:db8::1', port: 80 };
    const denied = await bind(AS_NOBODY, ipv6);
    expect(denied).toMatchObject({ errno: 'EACCES', code: 'NOT_PERMITTED' });
    expect(denied.why[1]).toBe('the address is the next obstacle: no interface of this machine has 2001:db8::1');
    expect((await bind([], ipv6)).errno).toBe('EADDRNOTAVAIL');
  });

  it('a link-local address without its interface', async () => {
    expect(await bind([], { kind: 'tcp', host: 'fe80::1', port: 80 })).toMatchObject({
      errno: 'EINVAL',
      code: 'ADDRESS_NOT_AVAILABLE',
    });
  });

  it('the path of a unix socket', async () => {
    const unix = (path: string) => bind(AS_NOBODY, { kind: 'unix', path, mode: null });
    const closed = await unix(join(directory, 'x.sock'));
    expect(closed.code).toBe('NOT_PERMITTED');
    expect(closed.why[0]).toContain(`may not create files in ${directory} (owner uid 0, group 0, mode 755)`);
    const missing = await unix(join(directory, 'no/x.sock'));
    expect(missing.code).toBe('ADDRESS_NOT_AVAILABLE');
    expect(missing.why).toEqual([`there is no directory ${join(directory, 'no')}`]);
    expect((await unix('/etc/passwd')).code).toBe('ADDRESS_IN_USE');
  });
});
