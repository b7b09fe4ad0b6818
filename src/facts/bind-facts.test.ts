import { describe, expect, it } from 'vitest';
import { type FakeMachine, fakeSystem } from '../system/fake.ts';
import { gatherTcpFacts, gatherUnixFacts } from './bind-facts.ts';

const STATUS = `Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
Groups:\t1000
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t0
`;
const PASSWD =
  'root:x:0:0:root:/root:/bin/bash\nwww-data:x:33:33::/var/www:\nnobody:x:65534:65534::/:\ndeploy:x:1000:1000::/home/deploy:/bin/sh\n';
const PORT_START = '/proc/sys/net/ipv4/ip_unprivileged_port_start';
const REST = '00000000:00000000 00:00000000 00000000';

function listener(address: string, port: number, uid: number, inode: number, state = '0A'): string {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `  1: ${address}:${hex} 00000000:0000 ${state} ${REST} ${uid} 0 ${inode} 1 0 100 0 0 10 0`;
}

/** Debian, as an ordinary user sees it. */
const BASE: Readonly<Record<string, string>> = {
  '/proc/self/status': STATUS,
  '/proc/self/uid_map': '         0          0 4294967295\n',
  '/proc/self/cgroup': '0::/user.slice/user-1000.slice/session-1.scope\n',
  [PORT_START]: '1024\n',
  '/proc/net/tcp': 'heading\n',
  '/etc/passwd': PASSWD,
  '/usr/bin/sudo': '',
  '/usr/bin/node': '',
  '/usr/local/bin/lowport': '',
};

function gather(files: Readonly<Record<string, string>>, machine: Omit<FakeMachine, 'files'> = {}, port = 80) {
  const env = { PATH: '/home/deploy/bin:/usr/local/bin:/usr/bin', ...machine.env };
  const system = fakeSystem({ ...machine, env, files: { ...BASE, ...files } });
  return gatherTcpFacts(system, { kind: 'tcp', host: null, port }, 'lowport');
}

function holders(files: Readonly<Record<string, string>>, machine: Omit<FakeMachine, 'files'> = {}) {
  const { portUse } = gather(files, machine);
  return portUse.known ? portUse.value.listeners : portUse.reason;
}

describe('gatherTcpFacts', () => {
  it('sees who it is and what is there', () => {
    const facts = gather({});
    expect(facts.subject).toMatchObject({
      user: 'deploy',
      initialUserNamespace: { known: true, value: true },
      service: null,
    });
    expect(facts.tools).toEqual({
      sudo: true,
      ss: false,
      systemdRun: false,
      program: '/usr/local/bin/lowport',
      inSystemDirectories: true,
    });
    expect(facts.unprivilegedPortStart).toEqual({ known: true, value: 1024 });
    expect(facts.foreignNetwork).toEqual({ known: true, value: false });
    expect(facts.portUse).toEqual({ known: true, value: { listeners: [], connections: 0, alternative: 8080 } });
    expect(facts.authbind).toBe(false);
  });

  it('says what it could not read, and guesses nothing', () => {
    const facts = gatherTcpFacts(fakeSystem({}), { kind: 'tcp', host: null, port: 80 }, 'lowport');
    expect(facts.subject.status).toEqual({ known: false, reason: 'cannot read /proc/self/status: ENOENT' });
    expect(facts.unprivilegedPortStart).toEqual({ known: false, reason: `${PORT_START}: ENOENT` });
    expect(facts.portUse).toEqual({ known: false, reason: '/proc/net/tcp: ENOENT' });
    expect(facts.subject.initialUserNamespace.known).toBe(false);
    expect(gather({ [PORT_START]: 'many' }).unprivilegedPortStart.known).toBe(false);
  });

  it('knows a network that belongs to another user namespace by the owner of its sysctls', () => {
    const inside = { '/proc/self/uid_map': '         0       1000          1\n' };
    const owned = (uid: number) => ({ info: { [PORT_START]: { kind: 'file', uid, gid: 0, mode: 0o644 } as const } });
    expect(gather(inside, owned(65_534)).foreignNetwork).toEqual({ known: true, value: true });
    expect(gather(inside, owned(0)).foreignNetwork.known).toBe(false);
  });

  it('notices when sudo would not find the command, or Node for it', () => {
    const only = { '/usr/local/bin/lowport': '', '/usr/bin/sudo': '', '/home/deploy/bin/node': '' };
    const system = fakeSystem({ files: only, env: { PATH: '/home/deploy/bin:/usr/local/bin:/usr/bin' } });
    const { tools } = gatherTcpFacts(system, { kind: 'tcp', host: null, port: 80 }, 'lowport');
    expect(tools).toMatchObject({ sudo: true, program: '/usr/local/bin/lowport', inSystemDirectories: false });
  });

  it('takes no program that is a folder, not executable, or in a relative entry of PATH', () => {
    const info = { '/usr/bin/sudo': { kind: 'file', uid: 0, gid: 0, mode: 0o644 } as const };
    expect(gather({}, { info }).tools.sudo).toBe(false);
    expect(gather({ '/usr/bin/ss/x': '' }).tools.ss).toBe(false);
    const relative = fakeSystem({ files: { 'bin/sudo': '', '/sudo': '' }, env: { PATH: ':bin:.' } });
    expect(gatherTcpFacts(relative, { kind: 'tcp', host: null, port: 80 }, 'lowport').tools.sudo).toBe(false);
  });

  it.each([
    [80, '1024\n', [], 8080],
    [443, '1024\n', [], 8443],
    [8080, '1024\n', [], 8081],
    [80, '9000\n', [], 9000],
    [80, '1024\n', [8080, 8081], 8082],
    [65_535, '1024\n', [], null],
  ])('offers another port for %i', (port, start, used, alternative) => {
    const rows = used.map((each) => listener('00000000', each, 0, each));
    const { portUse } = gather({ [PORT_START]: start, '/proc/net/tcp': rows.join('\n') }, {}, port);
    expect(portUse.known && portUse.value.alternative).toBe(alternative);
  });
});

describe('who listens', () => {
  const NGINX = { '/proc/net/tcp': `${listener('00000000', 80, 0, 127)}\n${listener('0100007F', 80, 0, 0, '06')}` };

  it('is only a user where the process cannot be looked into', () => {
    expect(holders(NGINX)).toEqual([
      { address: '0.0.0.0', port: 80, uid: 0, user: 'root', process: null, socketUnit: null },
    ]);
    const { portUse } = gather(NGINX);
    expect(portUse.known && portUse.value.connections).toBe(1);
  });

  it('is the parent of the processes that share the socket', () => {
    const links = {
      '/proc/900/fd/6': 'socket:[127]',
      '/proc/812/fd/6': 'socket:[127]',
      '/proc/812/fd/7': 'socket:[1270]',
      '/proc/5/fd/1': 'pipe:[127]',
      '/proc/net/fd/1': 'socket:[127]',
    };
    const files = { '/proc/812/comm': 'nginx\n', '/proc/812/cgroup': '0::/system.slice/nginx.service\n' };
    expect(holders({ ...NGINX, ...files }, { links })).toMatchObject([
      { process: { pid: 812, name: 'nginx', service: { name: 'nginx.service', manager: 'system' } } },
    ]);
  });

  it('is shown without what a name could do to a terminal', () => {
    const links = { '/proc/9/fd/3': 'socket:[127]' };
    const hostile = { '/proc/9/comm': '\x1b]0;x\x07\u202egpj\n' };
    expect(holders({ ...NGINX, ...hostile }, { links })).toMatchObject([
      { process: { name: '\\x1b]0;x\\x07\\u202egpj' } },
    ]);
  });

  it('is the program where the name is only that of a thread', () => {
    const links = { '/proc/9/fd/3': 'socket:[127]' };
    const node = { '/proc/9/comm': 'node-MainThread\n', '/proc/9/cmdline': '/opt/node/bin/node\0server.js\0' };
    expect(holders({ ...NGINX, ...node }, { links })).toMatchObject([{ process: { name: 'node' } }]);
  });

  it('is no user with the number of those that a user namespace does not map', () => {
    const files = {
      '/proc/net/tcp': listener('00000000', 80, 65_534, 127),
      '/proc/self/uid_map': '         0       1000          1\n',
    };
    expect(holders(files)).toMatchObject([{ uid: 65_534, user: null }]);
  });

  describe('where systemd runs', () => {
    const LIST = 'systemctl list-sockets --state=active --no-legend --no-pager';
    const ipv6 = `  1: ${'0'.repeat(32)}:0050 ${'0'.repeat(32)}:0000 0A ${REST} 0 0 127 1 0 100 0 0 10 0`;
    const files = { '/proc/net/tcp6': ipv6, '/run/systemd/system/x': '' };

    it('is the socket unit that systemd names', () => {
      const programs = {
        [LIST]:
          '/run/dbus/system_bus_socket  dbus.socket  dbus.service\n[::]:80                      web.socket   web.service\n',
      };
      expect(holders(files, { programs })).toMatchObject([{ address: '::', socketUnit: 'web.socket' }]);
    });

    it.each(['', '[::]:80', '[::]:80 --now.socket x', '[::]:8080 web.socket web.service', '[::]:80 $(id).socket x'])(
      'is not known from %j',
      (output) => {
        expect(holders(files, { programs: { [LIST]: output } })).toMatchObject([{ socketUnit: null }]);
      },
    );
  });
});

describe('gatherUnixFacts', () => {
  it('looks at the directory and at what is there already', () => {
    const info = { '/run': { kind: 'directory', uid: 0, gid: 0, mode: 0o755 } as const };
    const system = fakeSystem({ files: BASE, info, env: { XDG_RUNTIME_DIR: '/run/user/1000' } });
    expect(gatherUnixFacts(system, { kind: 'unix', path: '/run/x.sock', mode: null }, 'lowport')).toMatchObject({
      directory: { ok: true, value: { mode: 0o755 } },
      existing: { ok: false, errno: 'ENOENT' },
      runtimeDirectory: '/run/user/1000',
    });
  });
});
