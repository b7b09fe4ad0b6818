import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clearSocketPath, closeKeepingPath, removeSocketFile, socketFileAt } from './unix-path.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lowport-unix-'));
  path = join(directory, 's');
});
afterEach(() => rmSync(directory, { recursive: true }));

async function listening(at: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(at, resolve));
  return server;
}

/** A socket whose process was killed before it could remove the file. */
function leaveStale(at: string): void {
  const script = 'net.createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))';
  spawnSync(process.execPath, ['-e', script, at]);
}

describe('clearSocketPath', () => {
  it('has nothing to do where nothing is', async () => {
    await expect(clearSocketPath(path)).resolves.toBeUndefined();
  });

  it('removes a stale socket', async () => {
    leaveStale(path);
    expect(lstatSync(path).isSocket()).toBe(true);
    await clearSocketPath(path);
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a socket that somebody listens on', async () => {
    const server = await listening(path);
    await expect(clearSocketPath(path)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(existsSync(path)).toBe(true);
    server.close();
  });

  it('refuses a file that is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(clearSocketPath(path)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
    expect(existsSync(path)).toBe(true);
  });
});

describe('closeKeepingPath', () => {
  it('leaves the file, and nothing else, where libuv would unlink it', async () => {
    const server = await listening(path);
    const before = socketFileAt(path);
    closeKeepingPath(path, () => server.close());
    expect(socketFileAt(path)).toEqual(before);
    expect(readdirSync(directory)).toEqual(['s']);
  });
});

describe('removeSocketFile', () => {
  it('removes its own file, and no other that took its place', async () => {
    const server = await listening(path);
    const file = socketFileAt(path);
    removeSocketFile({ ...file, ino: file.ino + 1 });
    expect(existsSync(path)).toBe(true);
    removeSocketFile(file);
    expect(existsSync(path)).toBe(false);
    removeSocketFile(file);
    server.close();
  });
});
