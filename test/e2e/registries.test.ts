import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, run, succeed, temporaryDirectory } from '../support/commands.ts';
import { Lowport } from '../support/lowport.ts';

/** What is looked at of a line of the access log. */
interface Entry {
  readonly method: string;
  readonly status: number;
  readonly bytesOut: number;
  readonly error: string;
}

/** The registries are those that apt and npm are set up for on this machine. Without them these tests fail. */
describe('package managers through the forward proxy', () => {
  const directory = temporaryDirectory();
  let lowport: Lowport;

  beforeAll(async () => {
    lowport = await Lowport.start(['--port', '0', '--access-log']);
  });
  afterAll(async () => {
    expect(await lowport.stop()).toBe(0);
    directory.remove();
  });

  /** The requests of the access log: what goes past the proxy is not in it. */
  async function logged(method: string): Promise<readonly Entry[]> {
    // A line is written a second after the request at the latest.
    await sleep(1_200);
    const entries: Entry[] = lowport
      .output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    return entries.filter((entry) => entry.method === method);
  }

  it('apt-get updates its lists and downloads a package', async () => {
    const [state, cache] = [join(directory.path, 'lists'), join(directory.path, 'cache')];
    mkdirSync(join(state, 'partial'), { recursive: true });
    mkdirSync(join(cache, 'archives/partial'), { recursive: true });
    const downloads = join(directory.path, 'downloads');
    mkdirSync(downloads);
    // As whom apt downloads where it can; else it warns.
    if (process.getuid?.() === 0) chownSync(downloads, Number(await succeed(['id', '-u', '_apt'])), 0);
    const options = [`Acquire::http::Proxy=${lowport.url}`, `Acquire::https::Proxy=${lowport.url}`];
    const own = [`Dir::State::Lists=${state}`, `Dir::Cache=${cache}`, 'Acquire::Retries=0', 'Acquire::Languages=none'];
    const apt = ['apt-get', '-q', ...[...options, ...own].flatMap((option) => ['-o', option])];
    const updated = await run([...apt, '--error-on=any', 'update']);
    expect(updated).toMatchObject({ code: 0, errors: '' });
    await succeed([...apt, 'download', 'hostname'], { cwd: downloads });
    const [file = ''] = readdirSync(downloads);
    expect(await succeed(['dpkg-deb', '--field', join(downloads, file), 'Package'])).toBe('hostname\n');
    const requests = await logged('GET');
    expect(requests.length).toBeGreaterThan(2);
    expect(requests.filter(({ error, status }) => error !== '' || ![200, 304, 404].includes(status))).toEqual([]);
  });

  it('npm looks a package up and fetches it, through tunnels', async () => {
    const env = cleanEnvironment({ npm_config_cache: join(directory.path, 'npm'), npm_config_loglevel: 'error' });
    const proxy = ['--proxy', lowport.url, '--https-proxy', lowport.url, '--noproxy', 'localhost'];
    const view = await succeed(['npm', 'view', 'is-number@7.0.0', 'version', ...proxy], { env, cwd: directory.path });
    expect(view).toBe('7.0.0\n');
    await succeed(['npm', 'pack', 'is-number@7.0.0', ...proxy], { env, cwd: directory.path });
    expect(existsSync(join(directory.path, 'is-number-7.0.0.tgz'))).toBe(true);
    const tunnels = await logged('CONNECT');
    expect(tunnels.length).toBeGreaterThan(0);
    for (const tunnel of tunnels) expect(tunnel).toMatchObject({ status: 200, error: '' });
    expect(Math.max(...tunnels.map(({ bytesOut }) => bytesOut))).toBeGreaterThan(1_000);
  });
});
