import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { formatListenAddress } from '../base/address.ts';
import { LowportError } from '../base/errors.ts';
import { DEFAULT_LIMITS } from '../proxy/options.ts';
import { loadConfig } from './load.ts';
import type { Settings } from './settings.ts';

const directory = mkdtempSync(join(tmpdir(), 'lowport-load-'));
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, content: string): string {
  const path = join(directory, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

type Flags = Partial<Record<keyof Settings, string[]>>;

function load(flags: Flags = {}, env: Record<string, string> = {}, yaml: string | null = null) {
  const texts = new Map<keyof Settings, readonly string[]>();
  for (const [key, value] of Object.entries(flags)) if (isKey(key)) texts.set(key, value);
  return loadConfig({ flags: texts, env, file: yaml === null ? null : write('lowport.yaml', yaml) });
}

/** The test's own flags are typed: their keys are settings. */
function isKey(key: string): key is keyof Settings {
  return key !== '';
}

async function problems(...args: Parameters<typeof load>): Promise<readonly string[]> {
  const error: unknown = await load(...args).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LowportError)) throw error ?? new Error('it loaded');
  return error.why.length > 0 ? error.why : [error.message];
}

describe('defaults', () => {
  it('is a forward proxy on port 80 for loopback and private clients', async () => {
    const { config, file, warnings } = await load();
    expect(config.listen).toEqual([{ address: { kind: 'tcp', host: null, port: 80 }, name: null }]);
    expect(config).toMatchObject({
      user: null,
      workers: availableParallelism(),
      drainTimeout: 30_000,
      logLevel: 'info',
      accessLog: 'off',
    });
    expect(config.proxy).toMatchObject({ routes: [], trustProxy: [], forwarded: false, upstreamCa: null });
    expect(config.proxy.limits).toEqual(DEFAULT_LIMITS);
    expect(config.proxy.forward).toMatchObject({
      auth: null,
      allowPrivate: false,
      connectPorts: [443, 80],
      localSuffix: true,
      headerRouting: false,
    });
    expect(config.proxy.forward?.allow).toContain('192.168.0.0/16');
    expect(file).toBeNull();
    expect(warnings).toEqual([]);
  });

  it('is no forward proxy with a target, unless it is asked for', async () => {
    expect((await load({ target: ['3000'] })).config.proxy.forward).toBeNull();
    expect((await load({}, {}, 'target: 3000')).config.proxy.forward).toBeNull();
    expect((await load({ target: ['3000'], forward: ['true'] })).config.proxy.forward).not.toBeNull();
    expect((await load({}, {}, 'target: 3000\nforward: true')).config.proxy.forward).not.toBeNull();
  });

  it('cannot be changed afterwards', async () => {
    const { config } = await load({ target: ['3000'] });
    expect(Object.isFrozen(config.proxy.routes[0]?.targets[0])).toBe(true);
    expect(Object.isFrozen(DEFAULT_LIMITS)).toBe(false);
  });
});

describe('precedence', () => {
  const yaml = 'listen: 10.0.0.1:81\ntarget: 3003\nworkers: 3\nlimits: {maxFields: 30}\nlog: {level: error}\n';

  it('is flags, variables, file, defaults', async () => {
    const env = { LOWPORT_WORKERS: '2', LOWPORT_MAX_FIELDS: '20', LOWPORT_TARGET: '3002' };
    const { config } = await load({ workers: ['1'], target: ['3001'] }, env, yaml);
    expect(config.workers).toBe(1);
    expect(config.proxy.limits.maxFields).toBe(20);
    expect(config.logLevel).toBe('error');
    expect(config.accessLog).toBe('off');
    expect(config.proxy.routes).toMatchObject([{ targets: [{ port: 3001 }] }]);
    expect(config.listen.map(({ address }) => formatListenAddress(address))).toEqual(['10.0.0.1:81']);
  });

  it('reads the file that LOWPORT_CONFIG names, and none that nobody names', async () => {
    const path = write('named.yaml', yaml);
    expect((await load({}, { LOWPORT_CONFIG: path })).config.workers).toBe(3);
    expect((await loadConfig({ flags: new Map(), env: {}, file: null })).config.workers).toBe(availableParallelism());
  });

  it('lets a flag undo a switch', async () => {
    const text = 'target: 3000\nforward: {headerRouting: true}\nrewriteHost: true\n';
    expect((await load({}, {}, text)).config.proxy.routes[0]?.rewriteHost).toBe(true);
    const { proxy } = (await load({ forward: ['false'], rewriteHost: ['false'] }, {}, text)).config;
    expect(proxy.forward).toBeNull();
    expect(proxy.routes[0]?.rewriteHost).toBe(false);
  });

  it('lets a route have its own rewriteHost, and --rewrite-host the last word', async () => {
    const text = 'rewriteHost: true\nroutes: [{host: a.b, target: 1, rewriteHost: false}, {target: 2}]\n';
    const own = (await load({}, {}, text)).config.proxy.routes.map(({ rewriteHost }) => rewriteHost);
    expect(own).toEqual([false, true]);
    const all = (await load({ rewriteHost: ['true'] }, {}, text)).config.proxy.routes;
    expect(all.map(({ rewriteHost }) => rewriteHost)).toEqual([true, true]);
  });
});

describe('values', () => {
  it('splits lists at commas, and adds CONNECT ports to the two that are always there', async () => {
    const flags = { connectPorts: ['8443, 9443', '443'], host: ['10.0.0.1,::1'], port: ['80', '81'] };
    const { config } = await load(flags);
    expect(config.proxy.forward?.connectPorts).toEqual([443, 80, 8443, 9443]);
    expect(config.listen).toHaveLength(4);
  });

  it('reads the password file beside the configuration, and forgets the password', async () => {
    write('password', 'secret\n');
    const { config } = await load({}, {}, 'forward: {auth: {user: alice, passwordFile: password}}');
    expect(config.proxy.forward?.auth?.user).toBe('alice');
    expect(config.proxy.forward?.auth?.passwordSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(config)).not.toContain('secret');
  });

  it('warns of an open proxy', async () => {
    expect((await load({ allow: ['0.0.0.0/0'] })).warnings).toEqual([expect.stringContaining('anybody')]);
    write('password', 'secret\n');
    const auth = `alice:${join(directory, 'password')}`;
    expect((await load({ allow: ['::/0'], auth: [auth] })).warnings).toEqual([]);
  });
});

describe('errors', () => {
  it('names the flag or the variable, all at once', async () => {
    expect(await problems({ port: ['x'], workers: ['0'] }, { LOWPORT_USER: 'a b' })).toEqual([
      expect.stringMatching(/^LOWPORT_USER: "a b" is not/),
      expect.stringMatching(/^--port: "x" is not/),
      expect.stringMatching(/^--workers: "0" is not/),
    ]);
  });

  it('refuses empty values within a list', async () => {
    expect(await problems({ target: ['3000,'] })).toEqual(['--target: holds an empty value']);
  });

  it('refuses settings of the forward proxy where there is none', async () => {
    expect(await problems({ target: ['3000'], headerRouting: ['true'] }, { LOWPORT_ALLOW: '10.0.0.0/8' })).toEqual([
      'LOWPORT_ALLOW is for the forward proxy, which is off: add --forward',
      '--header-routing is for the forward proxy, which is off: add --forward',
    ]);
  });

  it('refuses to serve nothing', async () => {
    expect(await problems({ forward: ['false'] })).toEqual([expect.stringContaining('nothing to serve')]);
    expect(await problems({}, {}, 'forward: false')).toEqual([expect.stringContaining('nothing to serve')]);
  });

  it('refuses --rewrite-host without a target', async () => {
    expect(await problems({ rewriteHost: ['true'] })).toEqual(['--rewrite-host has no effect without a target']);
  });

  it('passes on what is wrong with the file', async () => {
    expect((await problems({}, {}, 'tragets: 1'))[0]).toMatch(
      /lowport\.yaml:1:1: unknown key "tragets"; did you mean target\?$/,
    );
  });
});
