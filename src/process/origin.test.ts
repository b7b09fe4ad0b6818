import { describe, expect, it } from 'vitest';
import type { ListenAddress } from '../base/address.ts';
import type { ProcessStatus } from '../facts/process-status.ts';
import { describeBinding, describeInheritance, describeProcess, listenerUrl, ownPorts } from './origin.ts';

const NET_BIND_SERVICE = 0x400n;
const tcp = (host: string | null, port: number): ListenAddress => ({ kind: 'tcp', host, port });

function status(uid: number, held = 0n): ProcessStatus {
  return {
    uids: [uid, uid, uid, uid],
    gids: [uid, uid, uid, uid],
    groups: [],
    noNewPrivs: false,
    capabilities: { inheritable: 0n, permitted: held, effective: held, bounding: 0n, ambient: 0n },
  };
}

describe('listenerUrl', () => {
  it.each<[ListenAddress | null, string]>([
    [tcp('192.168.2.7', 80), 'http://192.168.2.7'],
    [tcp(null, 80), 'http://*'],
    [tcp(null, 8080), 'http://*:8080'],
    [tcp('::1', 80), 'http://[::1]'],
    [tcp('::1', 81), 'http://[::1]:81'],
    [{ kind: 'unix', path: '/run/x\n', mode: null }, 'unix:/run/x\\x0a'],
    [null, 'an inherited socket'],
  ])('%j: %s', (address, url) => {
    expect(listenerUrl(address)).toBe(url);
  });
});

it('ownPorts leaves out what has none', () => {
  expect(ownPorts([tcp(null, 80), null, { kind: 'unix', path: '/x', mode: null }])).toEqual([80]);
});

describe('describeBinding', () => {
  it.each([
    [80, status(0, NET_BIND_SERVICE), status(1000), 'bound as root, then dropped'],
    [80, status(1000, NET_BIND_SERVICE), status(1000), 'bound with CAP_NET_BIND_SERVICE, then dropped'],
    [80, status(1000), status(1000), 'no privilege needed (port 80)'],
    [40_000, status(1000, NET_BIND_SERVICE), status(1000), 'no privilege needed (port 40000)'],
  ])('port %d', (port, before, after, sentence) => {
    expect(describeBinding([tcp(null, port)], before, after)).toBe(sentence);
  });

  it('does not claim that a capability is gone while the binder has it', () => {
    const before = status(1000, NET_BIND_SERVICE);
    expect(describeBinding([tcp(null, 1)], before, before)).toBe(
      'bound with CAP_NET_BIND_SERVICE, which only the idle binder keeps',
    );
  });
});

describe('describeInheritance', () => {
  const sockets = [
    { fd: 3, name: 'web', address: null },
    { fd: 4, name: 'web', address: null },
    { fd: 5, name: 'admin', address: null },
  ];

  it('names systemd only where systemd started this very process', () => {
    expect(describeInheritance(sockets, String(process.pid))).toBe("passed by systemd as 'web', 'admin'");
    expect(describeInheritance(sockets, undefined)).toBe("passed as 'web', 'admin' (LISTEN_FDS)");
  });
});

describe('describeProcess', () => {
  it('says what is held, if anything is', () => {
    expect(describeProcess(status(1000), 'deploy')).toBe('deploy (uid 1000), no capabilities');
    expect(describeProcess(status(1000, NET_BIND_SERVICE), null)).toBe('uid 1000, capabilities 0x400');
  });
});
