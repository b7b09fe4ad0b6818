import { describe, expect, it } from 'vitest';
import type { ListenAddress } from '../base/address.ts';
import type { InheritedSocket } from './inherit.ts';
import { matchSockets } from './match.ts';

const tcp = (host: string | null, port: number): ListenAddress => ({ kind: 'tcp', host, port });
const unix = (path: string): ListenAddress => ({ kind: 'unix', path, mode: null });
const socket = (fd: number, name: string, address: ListenAddress | null): InheritedSocket => ({ fd, name, address });

const http = socket(3, 'http', tcp('::', 80));
const https = socket(4, 'https', tcp('::', 443));

function usedFds(wanted: Parameters<typeof matchSockets>[0], inherited: readonly InheritedSocket[]): number[] {
  return matchSockets(wanted, inherited).used.map(({ fd }) => fd);
}

describe('matchSockets', () => {
  it('takes all where nothing is wanted', () => {
    expect(matchSockets([], [http, https])).toEqual({ used: [http, https], unused: [] });
  });

  it('goes by name, whatever the order and the port', () => {
    expect(usedFds([{ address: tcp(null, 8443), name: 'https' }], [https, http])).toEqual([4]);
    expect(matchSockets([{ address: tcp(null, 80), name: 'http' }], [https, http]).unused).toEqual([https]);
  });

  it('takes several sockets of one name', () => {
    const web = [socket(3, 'web', tcp('192.0.2.1', 80)), socket(4, 'web', tcp('192.0.2.2', 80))];
    expect(usedFds([{ address: tcp(null, 80), name: 'web' }], web)).toEqual([3, 4]);
  });

  it('tells sockets of one name apart by their port', () => {
    const web = [socket(3, 'web', tcp('::', 443)), socket(4, 'web', tcp('::', 80))];
    expect(matchSockets([{ address: tcp(null, 80), name: 'web' }], web).unused).toEqual([web[0]]);
    const both = [
      { address: tcp(null, 80), name: 'web' },
      { address: tcp(null, 443), name: 'web' },
    ];
    expect(usedFds(both, web)).toEqual([3, 4]);
  });

  it('goes by address and port where there is no name, or no socket of that name', () => {
    expect(usedFds([{ address: tcp(null, 443), name: null }], [http, https])).toEqual([4]);
    expect(usedFds([{ address: tcp(null, 443), name: 'secure' }], [http, https])).toEqual([4]);
  });

  it.each<[ListenAddress, ListenAddress]>([
    [tcp(null, 80), tcp('0.0.0.0', 80)],
    [tcp('::', 80), tcp('::', 80)],
    [tcp('2001:DB8:0::1', 80), tcp('2001:db8::1', 80)],
    [tcp('127.0.0.1', 80), tcp('::ffff:127.0.0.1', 80)],
    [unix('/run/x'), unix('/run/x')],
  ])('%j is %j', (wanted, actual) => {
    expect(usedFds([{ address: wanted, name: null }], [socket(3, 'x', actual)])).toEqual([3]);
  });

  it.each<[ListenAddress, ListenAddress | null]>([
    [tcp(null, 80), tcp('127.0.0.1', 80)],
    [tcp('127.0.0.1', 80), tcp('::', 80)],
    [tcp(null, 80), tcp('::', 81)],
    [tcp(null, 80), null],
    [tcp(null, 80), unix('/run/x')],
    [unix('/run/x'), unix('/run/y')],
  ])('%j is not %j', (wanted, actual) => {
    expect(() => matchSockets([{ address: wanted, name: null }], [socket(3, 'x', actual)])).toThrow(
      expect.objectContaining({ code: 'INHERITED_SOCKET' }),
    );
  });

  it('lists what was passed when something is missing', () => {
    const wanted = [{ address: tcp(null, 8080), name: 'admin' }];
    expect(() => matchSockets(wanted, [http, socket(4, 'x\n', null)])).toThrow(
      expect.objectContaining({
        message: "no inherited socket for 'admin' (*:8080)",
        why: ["passed to this process: fd 3 'http' at [::]:80, fd 4 'x\\x0a' at an address the kernel does not tell"],
      }),
    );
  });
});
