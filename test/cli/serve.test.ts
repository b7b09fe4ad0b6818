import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, NetworkNamespace } from '../support/namespace.ts';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

async function startOrigin(): Promise<number> {
  const server = createServer((_request, response) => response.end('from the origin'));
  cleanups.push(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Starts lowport on a port of the kernel's choice; resolves with its banner once that is whole. */
async function startLowport(args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, '--host', '127.0.0.1', '--port', '0', '--workers', '1', ...args]);
  cleanups.push(() => child.kill('SIGKILL'));
  const banner = collect(child.stderr);
  const ended = once(child, 'exit');
  while (!banner().includes('running')) {
    const [code] = await Promise.race([ended, once(child.stderr, 'data')]);
    if (child.exitCode !== null) throw new Error(`lowport ended with ${String(code)}: ${banner()}`);
  }
  return { child, banner: banner(), ended, url: /http:\/\/127\.0\.0\.1:\d+/.exec(banner())?.[0] ?? '' };
}

describe('lowport 3000', () => {
  it('serves, says so, and ends with 0 when it is told to', async () => {
    const origin = await startOrigin();
    const { child, banner, ended, url } = await startLowport([String(origin)]);
    expect(banner).toMatch(/^lowport \d+\.\d+\.\d+\n/);
    expect(banner).toContain(`${url}  → http://127.0.0.1:${origin}\n`);
    expect(banner).toMatch(/\n {2}socket {3}.+\n {2}running {2}as .+, 1 worker\n$/);
    expect(await (await fetch(url)).text()).toBe('from the origin');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  });
});

describe.skipIf(process.getuid?.() !== 0)('a port that one may not bind', () => {
  it('ends with 3, and with what to do', async () => {
    const namespace = await NetworkNamespace.open();
    cleanups.push(() => namespace.close());
    const asNobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, MAIN, '3000'];
    const { code, output, errors } = await namespace.run(asNobody);
    expect(code).toBe(3);
    expect(output).toBe('');
    expect(errors).toMatch(/^✗ port 80: permission denied\n {2}why {3}.+\n {2}fix {3}/);
  });
});
