import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../dist/cli/main.js');
const directory = mkdtempSync(join(tmpdir(), 'lowport-cli-'));
afterAll(() => rmSync(directory, { recursive: true }));

function lowport(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    cwd: directory,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

function write(name: string, content: string): string {
  writeFileSync(join(directory, name), content);
  return name;
}

describe('--help and --version', () => {
  it('prints help with its groups and examples to stdout', () => {
    const { status, stdout, stderr } = lowport(['--help']);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    for (const heading of ['General:', 'Listen:', 'Targets:', 'Forward proxy', 'Limits', 'Examples:']) {
      expect(stdout).toContain(`\n${heading}`);
    }
    expect(stdout).toContain('--max-connections-per-client');
    expect(stdout).toContain('--no-local-suffix');
    expect(stdout).not.toContain('--no-forward');
  });

  it('prints the version of the package', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    expect(manifest).toMatchObject({ version: lowport(['--version']).stdout.trim() });
  });

  it('ends well when nobody reads what it prints', async () => {
    const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    expect(code).toBe(0);
  });
});

describe('--check', () => {
  it('says what it would do', () => {
    const { status, stdout } = lowport(['3000', '4000', '--port', '8080', '--check']);
    expect(status).toBe(0);
    expect(stdout).toBe('✓ the configuration is valid\n  *:8080  → http://127.0.0.1:3000, http://127.0.0.1:4000\n');
  });

  it('answers as JSON, without the hash of the password', () => {
    writeFileSync(join(directory, 'password'), 'secret\n', { mode: 0o600 });
    const { status, stdout } = lowport(['--check', '--json', '--auth', 'alice:password']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      config: { proxy: { forward: { auth: { user: 'alice', passwordSha256: '(hidden)' } } } },
    });
  });

  it('names file, line and column, and ends with 2', () => {
    const file = write('bad.yaml', 'listen: 80\nroutes:\n  - tragets: [3000]\n');
    const { status, stdout, stderr } = lowport(['--check', '--config', file]);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('✗ bad.yaml:3:5: unknown key "tragets"; did you mean targets?\n');
    const json = lowport(['--check', '--json', '--config', file]);
    expect(json.status).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, error: { code: 'INVALID_CONFIG' } });
  });

  it('takes flags before variables before the file', () => {
    const file = write('good.yaml', 'workers: 3\nlimits: {maxFields: 30}\ntarget: 3003\n');
    const env = { LOWPORT_CONFIG: file, LOWPORT_WORKERS: '2', LOWPORT_MAX_FIELDS: '20' };
    const { stdout } = lowport(['--check', '--json', '--workers', '1'], env);
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      config: { workers: 1, proxy: { limits: { maxFields: 20 }, routes: [{ targets: [{ port: 3003 }] }] } },
    });
  });

  it('warns of a mistyped variable', () => {
    const { status, stderr } = lowport(['--check'], { LOWPORT_TRAGET: '3000' });
    expect(status).toBe(0);
    expect(stderr).toBe('! LOWPORT_TRAGET is not a variable of lowport; did you mean LOWPORT_TARGET?\n');
  });
});

describe('usage errors', () => {
  it.each([
    [['dotcor'], '✗ "dotcor" is neither a command nor a target'],
    [['srve'], 'lowport serve '],
    [['--prot', '80'], "✗ unknown option '--prot'; did you mean --port?"],
    [['--port'], 'argument missing'],
    [['--port', 'http'], '✗ --port: "http" is not a port'],
    [['--host', '80'], 'use --port 80'],
    [['http://host/app'], 'path or query'],
    [['http://user:hunter2@host'], 'no user or password'],
    [['--access-log', '3000'], 'a target goes before it: lowport 3000 --access-log'],
    [['--json'], '--json is for --check'],
    [['--port', '80', 'serve'], '--port stands before the command'],
    [['--config', '/nonexistent.yaml'], 'there is no such file'],
    [['3000', '--allow', '10.0.0.0/8'], 'add --forward'],
    [['--auth', 'alice:/nonexistent'], 'cannot read the password file'],
    [['\x1b[2J:80'], '✗ --target: "\\x1b[2J:80"'],
  ])('%j ends with 2', (args, text) => {
    const { status, stdout, stderr } = lowport(args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(text);
    expect(stderr).toMatch(/^✗ /);
    expect(stderr).not.toContain('hunter2');
  });
});

describe('the JSON Schema for editors', () => {
  it('is the one that `npm run schema` writes', () => {
    const script = join(import.meta.dirname, '../../scripts/write-schema.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('knows the short forms', () => {
    const path = join(import.meta.dirname, '../../schema/lowport.schema.json');
    const schema: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const number = { type: 'number' };
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: {
        listen: { anyOf: [{ anyOf: [{ type: 'string' }, number, { type: 'object' }] }, { type: 'array' }] },
        target: { anyOf: [{ type: 'string' }, number] },
        forward: { anyOf: [{ type: 'boolean' }, { type: 'object' }] },
        limits: { properties: { headTimeout: { default: '15s' } } },
      },
    });
  });
});
