import { describe, expect, it } from 'vitest';
import type { TcpListenAddress } from '../base/address.ts';
import type { ErrorCode } from '../base/errors.ts';
import type { BindSubject, PortUse, TcpBindFacts } from '../facts/bind-facts.ts';
import { known, unknown } from '../facts/fact.ts';
import type { PortHolder } from '../facts/port-holders.ts';
import type { ProcessStatus } from '../facts/process-status.ts';
import { explainTcpBind } from './explain-tcp.ts';

const ALL = 0x1ffffffffffn;
const NBS = 0x400n;

function status(uid: number, changes: Partial<ProcessStatus['capabilities']> & { noNewPrivs?: boolean } = {}) {
  const { noNewPrivs = false, ...sets } = changes;
  const capabilities = { inheritable: 0n, permitted: 0n, effective: 0n, bounding: ALL, ambient: 0n, ...sets };
  const ids = [uid, uid, uid, uid] as const;
  return known<ProcessStatus>({ uids: ids, gids: ids, groups: [], noNewPrivs, capabilities });
}

const SUBJECT: BindSubject = {
  status: status(1000),
  user: 'deploy',
  initialUserNamespace: known(true),
  service: null,
};
const WEB = { name: 'web.service', manager: 'system' } as const;

const FREE: PortUse = { listeners: [], connections: 0, alternative: 8080 };

const MACHINE: TcpBindFacts = {
  subject: SUBJECT,
  tools: { sudo: true, ss: true, systemdRun: false, program: '/usr/local/bin/lowport', inSystemDirectories: true },
  unprivilegedPortStart: known(1024),
  foreignNetwork: known(false),
  localAddresses: known([
    { interfaceName: 'lo', address: '127.0.0.1' },
    { interfaceName: 'eth0', address: '192.168.2.7' },
    { interfaceName: 'eth0', address: '2001:db8::7' },
    { interfaceName: 'eth0', address: 'fe80::7' },
  ]),
  portUse: known(FREE),
  authbind: false,
};

function as(changes: Partial<BindSubject>): Partial<TcpBindFacts> {
  return { subject: { ...SUBJECT, ...changes } };
}

function held(changes: Partial<PortHolder>, more: Partial<PortUse> = {}): Partial<TcpBindFacts> {
  const holder = { address: '0.0.0.0', port: 80, uid: 0, user: 'root', process: null, socketUnit: null, ...changes };
  return { portUse: known({ ...FREE, listeners: [holder], ...more }) };
}

function explain(
  errno: string,
  facts: Partial<TcpBindFacts> = {},
  address: Partial<TcpListenAddress> = {},
  user: string | null = null,
) {
  const error = explainTcpBind({ ...MACHINE, ...facts }, { kind: 'tcp', host: null, port: 80, ...address }, errno, {
    command: ['lowport', '3000'],
    user,
    cause: null,
  });
  return { code: error.code, message: error.message, why: error.why, fixes: error.fixes.map(({ command }) => command) };
}

const PORT = 'lowport 3000 --port 8080';
const SUDO = 'sudo lowport 3000';
const SYSCTL = 'sudo sysctl net.ipv4.ip_unprivileged_port_start=80';
const NOT_YOURS = 'you are uid 1000 without CAP_NET_BIND_SERVICE, and unprivileged ports start at 1024 here';

describe('EACCES', () => {
  it('is explained as the design shows it', () => {
    const error = explainTcpBind(MACHINE, { kind: 'tcp', host: null, port: 80 }, 'EACCES', {
      command: ['lowport', '3000'],
      user: null,
      cause: 'the cause',
    });
    expect(error).toMatchObject({ code: 'NOT_PERMITTED', exitCode: 3, cause: 'the cause' });
    expect(error.message).toBe('port 80: permission denied');
    expect(error.why).toEqual([NOT_YOURS]);
    expect(error.fixes).toEqual([
      { command: SUDO, effect: 'binds as root, serves as you (uid 1000)' },
      { command: PORT, effect: 'no privilege needed' },
      { command: SYSCTL, effect: 'lets every user bind every port from 80 up, until the next boot' },
    ]);
  });

  const cases: [string, Partial<TcpBindFacts>, string, string[]][] = [
    [
      'no sudo on the machine',
      { tools: { ...MACHINE.tools, sudo: false } },
      NOT_YOURS,
      ['lowport 3000 --user deploy', PORT, SYSCTL.slice(5)],
    ],
    [
      'Node where sudo does not look',
      { tools: { ...MACHINE.tools, inSystemDirectories: false } },
      NOT_YOURS,
      ['sudo env "PATH=$PATH" lowport 3000', PORT, SYSCTL],
    ],
    [
      'systemd',
      { tools: { ...MACHINE.tools, systemdRun: true } },
      NOT_YOURS,
      [
        SUDO,
        PORT,
        'sudo systemd-run --unit=lowport --same-dir --uid=deploy --socket-property=ListenStream=80 /usr/local/bin/lowport 3000',
        SYSCTL,
      ],
    ],
    ['no_new_privs', as({ status: status(1000, { noNewPrivs: true }) }), NOT_YOURS, [PORT, SYSCTL]],
    [
      'a container of an ordinary user',
      as({ status: status(1000, { bounding: ALL & ~NBS }) }),
      NOT_YOURS,
      ['--sysctl net.ipv4.ip_unprivileged_port_start=0', PORT, SYSCTL],
    ],
    [
      'root in a container that dropped it',
      as({ status: status(0, { bounding: 0n }), user: 'root' }),
      'you are root (uid 0) without CAP_NET_BIND_SERVICE, and unprivileged ports start at 1024 here',
      ['--cap-add NET_BIND_SERVICE', PORT, SYSCTL.slice(5)],
    ],
    [
      'a file capability without the effective bit',
      as({ status: status(1000, { permitted: NBS }) }),
      'you hold CAP_NET_BIND_SERVICE as permitted but not as effective, which is what counts, and unprivileged ports start at 1024 here',
      [SUDO, PORT, SYSCTL],
    ],
    [
      'root of a user namespace on the network of the host',
      {
        ...as({ status: status(0, { permitted: ALL, effective: ALL }), initialUserNamespace: known(false) }),
        foreignNetwork: known(true),
      },
      'you hold CAP_NET_BIND_SERVICE only within your user namespace, and this network belongs to another one',
      [PORT, SYSCTL.slice(5)],
    ],
    [
      'a user namespace whose network may be another one’s',
      {
        ...as({ status: status(0, { effective: NBS }), initialUserNamespace: known(false), service: WEB }),
        foreignNetwork: unknown('x'),
      },
      'you hold CAP_NET_BIND_SERVICE, in a user namespace of its own: unless that namespace owns this network it does not count; else a security module refused it (SELinux, AppArmor, Landlock)',
      [PORT, 'PrivateUsers=no', SYSCTL.slice(5)],
    ],
    [
      'a systemd service',
      as({ service: WEB, status: status(1000, { noNewPrivs: true }) }),
      NOT_YOURS,
      ['AmbientCapabilities=CAP_NET_BIND_SERVICE', PORT, SYSCTL],
    ],
    [
      'a systemd service of root without capabilities',
      as({ service: WEB, status: status(0, { bounding: 0n }) }),
      'you are root (uid 0) without CAP_NET_BIND_SERVICE, and unprivileged ports start at 1024 here',
      ['CapabilityBoundingSet=CAP_NET_BIND_SERVICE', PORT, SYSCTL.slice(5)],
    ],
    [
      'a service of a user manager',
      as({ service: { name: 'web.service', manager: 'user' } }),
      NOT_YOURS,
      [PORT, SYSCTL],
    ],
    [
      'a port that is free to all',
      { unprivilegedPortStart: known(80) },
      'unprivileged ports start at 80 here, so this port needs no privilege: a security module refused it (SELinux, AppArmor, Landlock)',
      ["sudo journalctl -k -n 20 --grep 'avc|apparmor|landlock'"],
    ],
    [
      'the capability, and yet',
      as({ status: status(0, { effective: NBS }) }),
      'you hold CAP_NET_BIND_SERVICE, so it is not that: a security module refused it (SELinux, AppArmor, Landlock)',
      ["journalctl -k -n 20 --grep 'avc|apparmor|landlock'"],
    ],
    [
      'nothing readable',
      {
        ...as({ status: unknown('cannot read /proc/self/status: ENOENT'), initialUserNamespace: unknown('x') }),
        unprivilegedPortStart: unknown('no /proc'),
        portUse: unknown('no /proc'),
        foreignNetwork: unknown('x'),
      },
      'whether you hold CAP_NET_BIND_SERVICE is not known: cannot read /proc/self/status: ENOENT',
      [],
    ],
    [
      'no place to read where unprivileged ports start',
      { unprivilegedPortStart: unknown('ENOENT'), portUse: known({ ...FREE, alternative: null }) },
      'you are uid 1000 without CAP_NET_BIND_SERVICE, and where unprivileged ports start here is not known (ENOENT)',
      [SUDO, SYSCTL],
    ],
  ];
  it.each(cases)('%s', (_, facts, why, fixes) => {
    const explained = explain('EACCES', facts);
    expect(explained.code).toBe('NOT_PERMITTED');
    expect(explained.why[0]).toBe(why);
    expect(explained.fixes).toEqual(fixes);
  });

  it('says what keeps sudo and file capabilities from helping', () => {
    const subject = as({ status: status(1000, { noNewPrivs: true, bounding: 0n }) });
    expect(explain('EACCES', subject).why.slice(1)).toEqual([
      'CAP_NET_BIND_SERVICE is not in the bounding set: nothing that is started from here can gain it',
      'no_new_privs is set: sudo and file capabilities give nothing from here',
    ]);
  });

  it('names the holder of a port that is taken as well', () => {
    const process = { pid: 812, name: 'nginx', service: { name: 'nginx.service', manager: 'system' } as const };
    expect(explain('EACCES', held({ process }))).toEqual({
      code: 'NOT_PERMITTED',
      message: 'port 80: permission denied, and the port is in use',
      why: [
        NOT_YOURS,
        'the port is taken as well: nginx (pid 812, socket of root, nginx.service) listens on 0.0.0.0:80',
      ],
      fixes: [PORT, 'sudo systemctl stop nginx.service', SUDO],
    });
  });

  it('says of an IPv6 address that is not there that it is not, and where the kernel looked first', () => {
    expect(explain('EACCES', {}, { host: '2001:db8::1' })).toEqual({
      code: 'NOT_PERMITTED',
      message: '[2001:db8::1]:80: permission denied',
      why: [NOT_YOURS, 'the address is the next obstacle: no interface of this machine has 2001:db8::1'],
      fixes: ['--host 2001:db8::7', 'leave out --host'],
    });
    expect(explain('EACCES', {}, { host: '2001:DB8:0::7' }).why).toEqual([NOT_YOURS]);
    expect(explain('EACCES', {}, { host: 'fe80::7%eth0' }).why).toEqual([NOT_YOURS]);
  });

  it('tells whom it will serve as', () => {
    const address = { kind: 'tcp', host: null, port: 80 } as const;
    const error = explainTcpBind(MACHINE, address, 'EACCES', { command: ['lowport'], user: 'www-data', cause: null });
    expect(error.fixes[0]).toEqual({ command: 'sudo lowport', effect: 'binds as root, serves as www-data' });
  });
});

describe('EADDRINUSE', () => {
  const process = { pid: 9, name: 'node', service: null };
  const cases: [string, Partial<PortHolder>, string, string[]][] = [
    ['a process', { process }, 'node (pid 9, socket of root) listens on 0.0.0.0:80', ['sudo kill 9']],
    [
      'your own process',
      { process, uid: 1000, user: 'deploy' },
      'node (pid 9, socket of deploy) listens on 0.0.0.0:80',
      ['kill 9'],
    ],
    [
      'a user without a name',
      { uid: 4711, user: null },
      'a process of uid 4711 that only root can identify listens on 0.0.0.0:80',
      ["sudo ss -ltnp 'sport = :80'"],
    ],
    [
      'a systemd socket unit',
      { socketUnit: 'web.socket' },
      'systemd (web.socket) listens on 0.0.0.0:80',
      ['sudo systemctl stop web.socket'],
    ],
    [
      'systemd that does not answer',
      { process: { pid: 1, name: 'systemd', service: null } },
      'systemd (pid 1, for a socket unit) listens on 0.0.0.0:80',
      ['systemctl list-sockets'],
    ],
    [
      'a published container port',
      { process: { pid: 9, name: 'docker-proxy', service: null } },
      'docker-proxy (pid 9, socket of root) listens on 0.0.0.0:80',
      ['docker ps --filter publish=80'],
    ],
    [
      'a user’s service',
      { process: { pid: 9, name: 'caddy', service: { name: 'caddy.service', manager: 'user' } }, uid: 1000 },
      'caddy (pid 9, socket of root, caddy.service) listens on 0.0.0.0:80',
      ['systemctl --user stop caddy.service'],
    ],
  ];
  it.each(cases)('%s', (_, holder, why, fixes) => {
    const explained = explain('EADDRINUSE', held(holder));
    expect(explained).toEqual({
      code: 'ADDRESS_IN_USE',
      message: 'port 80: address in use',
      why: [why],
      fixes: [...fixes, PORT],
    });
  });

  it('says each holder and each way out once', () => {
    const both = ['0.0.0.0', '::'].map((address) => ({
      ...{ address, port: 80, uid: 0, user: 'root', process: null, socketUnit: 'web.socket' },
    }));
    expect(explain('EADDRINUSE', { portUse: known({ ...FREE, listeners: both }) })).toMatchObject({
      why: ['systemd (web.socket) listens on 0.0.0.0:80 and [::]:80'],
      fixes: ['sudo systemctl stop web.socket', PORT],
    });
  });

  it('knows holders that nobody sees listening', () => {
    expect(explain('EADDRINUSE').why[0]).toMatch(/bound but does not listen/);
    expect(explain('EADDRINUSE', { portUse: known({ ...FREE, connections: 3 }) }).why[0]).toMatch(
      /3 of its connections/,
    );
    expect(explain('EADDRINUSE', { portUse: unknown('/proc/net/tcp: EACCES') }).why[0]).toMatch(/EACCES/);
  });

  it.each<[string | null, string, boolean]>([
    [null, '127.0.0.1', true],
    [null, '::1', true],
    ['::', '0.0.0.0', true],
    ['0.0.0.0', '127.0.0.1', true],
    ['0.0.0.0', '::', true],
    ['0.0.0.0', '::1', false],
    ['127.0.0.1', '0.0.0.0', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['::ffff:127.0.0.1', '127.0.0.1', true],
    ['::1', '0.0.0.0', false],
    ['::1', '0:0:0:0:0:0:0:1', false],
    ['0:0:0:0:0:0:0:1', '::1', true],
    ['localhost', '127.0.0.1', true],
  ])('an address %s meets a listener on %s: %s', (host, address, meets) => {
    const { why } = explain('EADDRINUSE', held({ address }), { host });
    expect(why.some((line) => line.includes('only root can identify'))).toBe(meets);
  });
});

describe('other refusals', () => {
  it('EADDRNOTAVAIL lists what there is, and the privilege that IPv4 would ask for next', () => {
    expect(explain('EADDRNOTAVAIL', {}, { host: '203.0.113.1' })).toEqual({
      code: 'ADDRESS_NOT_AVAILABLE',
      message: '203.0.113.1:80: address not available',
      why: [
        'no interface of this machine has 203.0.113.1',
        'it has 127.0.0.1 (lo), 192.168.2.7 (eth0), 2001:db8::7 (eth0), fe80::7 (eth0)',
        `the port is the next obstacle: ${NOT_YOURS}`,
      ],
      fixes: ['--host 192.168.2.7', 'leave out --host'],
    });
    const unread = explain('EADDRNOTAVAIL', { localAddresses: unknown('EAFNOSUPPORT') }, { host: '::2', port: 8080 });
    expect(unread.why[1]).toBe('which addresses it has is not known (EAFNOSUPPORT)');
  });

  it('EADDRNOTAVAIL does not list a hundred addresses', () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ interfaceName: `br${n}`, address: `10.0.${n}.1` }));
    const { why, fixes } = explain('EADDRNOTAVAIL', { localAddresses: known(many) }, { host: '10.9.9.9' });
    expect(why[1]).toMatch(/10\.0\.7\.1 \(br7\) and 92 more$/);
    expect(fixes).toEqual(['--host 10.0.0.1', '--host 10.0.1.1', 'leave out --host']);
  });

  it('EINVAL asks for the zone of a link-local address', () => {
    expect(explain('EINVAL', {}, { host: 'fe80::7' })).toMatchObject({
      code: 'ADDRESS_NOT_AVAILABLE',
      message: '[fe80::7]:80: address without its interface',
      fixes: ["--host '[fe80::7%eth0]:80'"],
    });
    expect(explain('EINVAL', {}, { host: 'ff02::1' }).why[0]).toMatch(/multicast/);
  });

  it('EPERM is never the port rule: authbind, or a filter', () => {
    expect(explain('EPERM', { authbind: true })).toMatchObject({
      code: 'NOT_PERMITTED',
      fixes: ['sudo install -m 500 -o deploy /dev/null /etc/authbind/byport/80', PORT],
    });
    expect(explain('EPERM', { authbind: true }, { port: 600 }).fixes[0]).toContain("'/etc/authbind/byport/!600'");
    expect(explain('EPERM').why[0]).toMatch(/SocketBindDeny=.*seccomp/);
    expect(explain('EPERM', as({ service: WEB })).fixes).toEqual(['SocketBindAllow=tcp:80']);
  });

  it.each<[string, ErrorCode, string]>([
    ['EAFNOSUPPORT', 'ADDRESS_NOT_AVAILABLE', '[::1]:80: IPv6 is not available'],
    ['ENOTFOUND', 'ADDRESS_NOT_AVAILABLE', '[::1]:80: no such host'],
    ['EMFILE', 'SYSTEM', '[::1]:80: cannot listen (EMFILE)'],
  ])('%s', (errno, code, message) => {
    expect(explain(errno, {}, { host: '::1' })).toMatchObject({ code, message });
  });
});
