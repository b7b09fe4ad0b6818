import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { listensOnUnixSocket, peerOf, UNIX_PEER } from './peer.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function listening(path?: string): Promise<Server> {
  const server = createServer();
  if (path === undefined) server.listen(0, '127.0.0.1');
  else server.listen(path);
  await once(server, 'listening');
  cleanups.push(() => server.close());
  return server;
}

function socketPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'lowport-peer-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  return join(directory, 's');
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}

async function accepted(server: Server): Promise<Socket> {
  const socket = await new Promise<Socket>((resolve) => server.once('connection', resolve));
  cleanups.push(() => socket.destroy());
  return socket;
}

describe('peerOf', () => {
  it('names a TCP peer by its address', async () => {
    const server = await listening();
    const client = connect(portOf(server), '127.0.0.1');
    cleanups.push(() => client.destroy());
    expect(peerOf(await accepted(server), listensOnUnixSocket(server))).toBe('127.0.0.1');
  });

  it('names a peer on a unix socket', async () => {
    const path = socketPath();
    const server = await listening(path);
    const client = connect(path);
    cleanups.push(() => client.destroy());
    expect(listensOnUnixSocket(server)).toBe(true);
    expect(peerOf(await accepted(server), true)).toBe(UNIX_PEER);
  });

  it('does not take a TCP peer that has sent a request and a reset before the accept for a unix peer', async () => {
    const server = await listening();
    const arrival = accepted(server);
    // While this waits, the event loop stands still: nothing is accepted before the reset has come.
    const client = [
      'import socket, struct, sys',
      'c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))',
      'c.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")',
      'c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))',
      'c.close()',
    ].join('\n');
    expect(spawnSync('python3', ['-c', client, String(portOf(server))]).status).toBe(0);
    const socket = await arrival;
    socket.on('error', () => {});
    expect(socket.remoteAddress).toBeUndefined();
    expect(peerOf(socket, listensOnUnixSocket(server))).toBeNull();
  });
});

describe('listensOnUnixSocket', () => {
  it('is false for a server that does not listen', () => {
    expect(listensOnUnixSocket(createServer())).toBe(false);
  });

  it('relies on what Node says of inherited sockets: null for a unix socket, an object for TCP', async () => {
    const script =
      'const s = require("node:net").createServer().listen({fd: 3}, () => { console.log(s.address() === null); s.close(); })';
    for (const server of [await listening(socketPath()), await listening()]) {
      const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit', fdOf(server)] });
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await once(child, 'close');
      expect(output.trim()).toBe(String(listensOnUnixSocket(server)));
    }
  });
});

function fdOf(server: Server): number {
  const handle: unknown = Reflect.get(server, '_handle');
  if (typeof handle === 'object' && handle !== null && 'fd' in handle && typeof handle.fd === 'number')
    return handle.fd;
  throw new Error('the server has no descriptor');
}
