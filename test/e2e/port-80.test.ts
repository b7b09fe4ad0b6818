import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/commands.ts';
import { Lowport } from '../support/lowport.ts';
import { NetworkNamespace } from '../support/namespace.ts';

const ORIGIN = join(import.meta.dirname, '../fixtures/origin.mjs');
/** A server on the Internet of this test, which nobody outside of it can reach. */
const EXAMPLE_COM = '93.184.215.14';

/** Commands as guides write them, on port 80 of a machine with the address they use, and a client beside it. */
describe.skipIf(process.getuid?.() !== 0)('port 80 of 192.168.2.7', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let hosts: string;
  let machine: NetworkNamespace;
  let neighbour: NetworkNamespace;
  let internet: NetworkNamespace;
  let lowport: Lowport | null = null;

  beforeAll(async () => {
    directory = temporaryDirectory();
    hosts = join(directory.path, 'hosts');
    writeFileSync(hosts, `127.0.0.1 localhost rebound.example\n${EXAMPLE_COM} example.com\n`);
    [machine, neighbour, internet] = await Promise.all([
      NetworkNamespace.open(),
      NetworkNamespace.open(),
      NetworkNamespace.open(),
    ]);
    await machine.connect('192.168.2.7/24', neighbour, '192.168.2.20/24');
    await machine.connect('93.184.215.1/24', internet, `${EXAMPLE_COM}/24`);
    await Promise.all([serveIn(internet, '80', EXAMPLE_COM), serveIn(machine, '3000', '127.0.0.1')]);
  });
  afterEach(async () => {
    const code = await lowport?.stop();
    lowport = null;
    expect([0, undefined]).toContain(code);
  });
  afterAll(() => {
    for (const namespace of [machine, neighbour, internet]) namespace.close();
    directory.remove();
  });

  async function start(...args: readonly string[]): Promise<Lowport> {
    const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
    const wrapper = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, hosts];
    lowport = await Lowport.start(args, { place: machine, wrapper });
    return lowport;
  }

  it('curl -x http://localhost:80 http://example.com.local/', async () => {
    await start('--port', '80');
    const answer = await curl(machine, '-x', 'http://localhost:80', 'http://example.com.local/');
    expect(answer).toEqual({ status: '200', host: 'example.com', client: '', body: 'origin /' });
  });

  it('curl http://example.com.local/ where that name leads to lowport', async () => {
    await start();
    const answer = await curl(machine, '--resolve', 'example.com.local:80:192.168.2.7', 'http://example.com.local/a');
    expect(answer).toMatchObject({ host: 'example.com', body: 'origin /a' });
  });

  it.each(['machine', 'neighbour'])('curl -x http://192.168.2.7:80 http://example.com/ on the %s', async (where) => {
    await start('--host', '192.168.2.7', '--port', '80');
    const client = where === 'machine' ? machine : neighbour;
    const answer = await curl(client, '-x', 'http://192.168.2.7:80', 'http://example.com/');
    expect(answer).toMatchObject({ host: 'example.com', client: '', body: 'origin /' });
    const tunnelled = await curl(client, '-p', '-x', 'http://192.168.2.7:80', 'http://example.com/tunnel');
    expect(tunnelled).toMatchObject({ host: 'example.com', body: 'origin /tunnel' });
  });

  it('lowport --host 0.0.0.0 --port 80 --target http://example.com', async () => {
    const { errors } = await start('--host', '0.0.0.0', '--port', '80', '--target', 'http://example.com');
    expect(errors()).toMatch(/^lowport .*\n {2}http:\/\/0\.0\.0\.0 +→ http:\/\/example\.com\n/);
    const answer = await curl(neighbour, 'http://192.168.2.7/a?b');
    expect(answer).toEqual({ status: '200', host: '192.168.2.7', client: '192.168.2.20', body: 'origin /a?b' });
  });

  it('lowport 3000, and the origin sees the real IPv4 client of the dual-stack socket', async () => {
    const { errors } = await start('3000');
    expect(errors()).toMatch(
      /^lowport .*\n {2}http:\/\/\* +→ http:\/\/127\.0\.0\.1:3000\n {2}socket +bound as root, then/,
    );
    expect((await curl(neighbour, 'http://192.168.2.7/')).client).toBe('192.168.2.20');
    expect((await curl(machine, 'http://[::1]/')).client).toBe('::1');
    const spoofed = await curl(neighbour, '-H', 'X-Forwarded-For: 8.8.8.8', 'http://192.168.2.7/');
    expect(spoofed.client).toBe('192.168.2.20');
  });

  it('is no way into the machine, and none for the world', async () => {
    await start();
    const proxy = ['-x', 'http://192.168.2.7:80'];
    expect((await curl(machine, ...proxy, 'http://127.0.0.1:3000/')).body).toBe('origin /');
    const inside = [
      '127.0.0.1:3000',
      'localhost:3000',
      'rebound.example:3000',
      '[::ffff:127.0.0.1]:3000',
      '0.0.0.0:3000',
    ];
    for (const host of [...inside, '169.254.169.254', '192.168.2.7']) {
      expect((await curl(neighbour, ...proxy, `http://${host}/`)).status).toBe('403');
    }
    const stranger = await curl(internet, '-x', 'http://93.184.215.1:80', 'http://example.com/');
    expect(stranger.status).toBe('403');
  });

  it('tells a loop from a request', async () => {
    await start('--target', 'http://192.168.2.7');
    expect((await curl(machine, 'http://localhost/')).status).toBe('508');
  });

  async function serveIn(namespace: NetworkNamespace, port: string, host: string): Promise<void> {
    const origin = namespace.spawn([process.execPath, ORIGIN, port, host]);
    if (origin.stdout !== null) await once(origin.stdout, 'data');
  }

  /** What came in the end (a tunnel's own answer is before it), and whom the origin saw. */
  async function curl(namespace: NetworkNamespace, ...args: readonly string[]): Promise<Answer> {
    const { output } = await namespace.run(['curl', '-q', '-sSi', '--max-time', '10', ...args]);
    const [head = '', body = ''] = output.split('\r\n\r\n').slice(-2);
    const field = (name: string): string => new RegExp(`^${name}: (.*)\r?$`, 'm').exec(head)?.[1] ?? '';
    const status = head.split(' ')[1] ?? '';
    return { status, host: field('X-Seen-Host'), client: field('X-Seen-For'), body };
  }
});

interface Answer {
  readonly status: string;
  readonly host: string;
  readonly client: string;
  readonly body: string;
}
