import { existsSync, lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ListenAddress } from '../base/address.ts';
import { errnoOf, LowportError } from '../base/errors.ts';
import { type BindOptions, bindSockets } from './bind.ts';

const options: BindOptions = {
  owner: null,
  explain: async (error, address) =>
    new LowportError(JSON.stringify(address), { code: 'SYSTEM', source: 'system', cause: error }),
};
const tcp = (host: string | null, port = 0): { address: ListenAddress; name: null } => ({
  address: { kind: 'tcp', host, port },
  name: null,
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lowport-bind-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('bindSockets', () => {
  it('binds several at once and tells where', async () => {
    const bound = await bindSockets([tcp(null), tcp('127.0.0.1'), tcp('::1'), tcp('localhost')], options);
    bound.close();
    expect(bound.sockets.map(({ address }) => (address.kind === 'tcp' ? address.host : null))).toEqual([
      null,
      '127.0.0.1',
      '::1',
      expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
    ]);
    expect(new Set(bound.sockets.map(({ fd }) => fd)).size).toBe(4);
  });

  it('lets go of the port when closed', async () => {
    const first = await bindSockets([tcp('127.0.0.1')], options);
    first.close();
    const [socket] = first.sockets;
    const again = await bindSockets([{ address: socket?.address ?? tcp('').address, name: 'x' }], options);
    again.close();
    expect(again.sockets).toMatchObject([{ name: 'x', address: socket?.address }]);
  });

  it('explains what bind(2) said, and leaves none open', async () => {
    const holder = createServer();
    const port = await listenOn(holder);
    const path = join(directory, 's');
    const failing = bindSockets(
      [{ address: { kind: 'unix', path, mode: null }, name: null }, tcp('127.0.0.1', port)],
      options,
    );
    const error = await failing.catch((thrown: unknown) => thrown);
    holder.close();
    expect(error).toMatchObject({ message: JSON.stringify(tcp('127.0.0.1', port).address) });
    expect(error instanceof LowportError && errnoOf(error.cause)).toBe('EADDRINUSE');
    expect(existsSync(path)).toBe(false);
  });

  it('does not fall back to IPv4 where the port is in use', async () => {
    const holder = createServer();
    const port = await listenOn(holder, '::1');
    await expect(bindSockets([tcp(null, port)], options)).rejects.toBeInstanceOf(LowportError);
    holder.close();
  });

  it.each([0o600, 0o660, 0o777])('makes a unix socket with mode %o', async (mode) => {
    const path = join(directory, 's');
    const bound = await bindSockets([{ address: { kind: 'unix', path, mode }, name: null }], options);
    expect(lstatSync(path).mode & 0o777).toBe(mode);
    bound.release();
    expect(existsSync(path)).toBe(true);
  });

  it.skipIf(process.getuid?.() !== 0)('gives the file of a unix socket to its owner', async () => {
    const path = join(directory, 's');
    const request = { address: { kind: 'unix', path, mode: 0o600 }, name: null } as const;
    const bound = await bindSockets([request], { ...options, owner: { uid: 65534, gid: 65534 } });
    expect(lstatSync(path)).toMatchObject({ uid: 65534, gid: 65534 });
    bound.close();
  });
});

function listenOn(server: Server, host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
