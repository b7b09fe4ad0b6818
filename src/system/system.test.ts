import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesUnder, realSystem } from './system.ts';

describe('filesUnder', () => {
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'lowport-system-'));
    writeFileSync(join(root, 'status'), 'Name:\tnode\n', { mode: 0o640 });
    writeFileSync(join(root, 'huge'), '');
    truncateSync(join(root, 'huge'), 33 * 1024 * 1024);
    symlinkSync('socket:[42]', join(root, '3'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('reads within the root', () => {
    const files = filesUnder(root);
    expect(files.readText('/status')).toEqual({ ok: true, value: 'Name:\tnode\n' });
    expect(files.readLink('/3')).toEqual({ ok: true, value: 'socket:[42]' });
    expect(files.listDirectory('/')).toEqual({ ok: true, value: ['3', 'huge', 'status'] });
    const info = files.stat('/status');
    expect(info.ok && { kind: info.value.kind, mode: info.value.mode }).toEqual({ kind: 'file', mode: 0o640 });
  });

  it('answers with the errno where it cannot', () => {
    const files = filesUnder(root);
    expect(files.readText('/missing')).toEqual({ ok: false, errno: 'ENOENT' });
    expect(files.readText('/')).toEqual({ ok: false, errno: 'EISDIR' });
    expect(files.readText('/huge')).toEqual({ ok: false, errno: 'EFBIG' });
    expect(files.readLink('/status')).toEqual({ ok: false, errno: 'EINVAL' });
    expect(files.listDirectory('/status')).toEqual({ ok: false, errno: 'ENOTDIR' });
    expect(files.stat('/status/x')).toEqual({ ok: false, errno: 'ENOTDIR' });
  });

  it('reads files of procfs, whose size is 0', () => {
    const text = realSystem.readText('/proc/self/status');
    expect(text.ok && text.value).toMatch(/^Name:/);
  });
});

describe('exec', () => {
  it('gives the status and the output, in a fixed environment', () => {
    const outcome = realSystem.exec(['env']);
    expect(outcome.ok && outcome.value.status).toBe(0);
    expect(outcome.ok && outcome.value.stdout.trim().split('\n').sort()).toEqual([
      'LC_ALL=C',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin',
    ]);
    expect(realSystem.exec(['false'])).toEqual({ ok: true, value: { status: 1, stdout: '' } });
  });

  it('passes arguments on as they are', () => {
    const outcome = realSystem.exec(['printf', '%s|', '$HOME', 'a b', ';true']);
    expect(outcome.ok && outcome.value.stdout).toBe('$HOME|a b|;true|');
  });

  it('ends what takes too long, says too much, or is not there', () => {
    expect(realSystem.exec(['sleep', '10'], { timeoutMs: 50 })).toEqual({ ok: false, errno: 'ETIMEDOUT' });
    expect(realSystem.exec(['head', '-c', '3000000', '/dev/zero'])).toEqual({ ok: false, errno: 'ENOBUFS' });
    expect(realSystem.exec(['no-such-program'])).toEqual({ ok: false, errno: 'ENOENT' });
    expect(realSystem.exec(['sh', '-c', 'kill -TERM $$'])).toEqual({ ok: false, errno: 'SIGTERM' });
  });
});
