import { describe, expect, it } from 'vitest';
import type { UnixBindFacts } from '../facts/bind-facts.ts';
import { known } from '../facts/fact.ts';
import type { ProcessStatus } from '../facts/process-status.ts';
import type { FileInfo, Result } from '../system/system.ts';
import { explainUnixBind } from './explain-unix.ts';

const IDS = [1000, 1000, 1000, 1000] as const;
const STATUS: ProcessStatus = {
  uids: IDS,
  gids: IDS,
  groups: [],
  noNewPrivs: false,
  capabilities: { inheritable: 0n, permitted: 0n, effective: 0n, bounding: 0n, ambient: 0n },
};
const MISSING: Result<FileInfo> = { ok: false, errno: 'ENOENT' };
const FACTS: UnixBindFacts = {
  subject: { status: known(STATUS), user: 'deploy', initialUserNamespace: known(true), service: null },
  tools: { sudo: true, ss: true, systemdRun: false, program: null, inSystemDirectories: true },
  directory: { ok: true, value: { kind: 'directory', uid: 0, gid: 0, mode: 0o755 } },
  existing: MISSING,
  runtimeDirectory: '/run/user/1000',
};
const OWN = '--host unix:/run/user/1000/lowport.sock';

function explain(errno: string, facts: Partial<UnixBindFacts> = {}, path = '/run/x.sock') {
  const context = { command: ['lowport'], user: null, cause: null };
  const error = explainUnixBind({ ...FACTS, ...facts }, { kind: 'unix', path, mode: null }, errno, context);
  return { code: error.code, message: error.message, why: error.why, fixes: error.fixes.map(({ command }) => command) };
}

describe('explainUnixBind', () => {
  it('EACCES: the directory is not writable', () => {
    expect(explain('EACCES')).toEqual({
      code: 'NOT_PERMITTED',
      message: 'unix socket /run/x.sock: permission denied',
      why: ['deploy (uid 1000) may not create files in /run (owner uid 0, group 0, mode 755)'],
      fixes: [OWN, 'sudo install -d -o deploy /run/lowport'],
    });
  });

  it.each(['EACCES', 'ENOENT'])('%s: the directory is not there', (errno) => {
    expect(explain(errno, { directory: MISSING }, '/run/my app/x.sock')).toEqual({
      code: 'ADDRESS_NOT_AVAILABLE',
      message: 'unix socket /run/my app/x.sock: no such directory',
      why: ['there is no directory /run/my app'],
      fixes: ["sudo install -d -o deploy '/run/my app'", OWN],
    });
  });

  it('EACCES: a directory above is closed', () => {
    const { code, why } = explain('EACCES', { directory: { ok: false, errno: 'EACCES' } }, '/root/a/x.sock');
    expect(code).toBe('NOT_PERMITTED');
    expect(why).toEqual(['deploy (uid 1000) may not enter a directory above /root/a/x.sock']);
  });

  it('EADDRINUSE: a socket, or something else', () => {
    const existing = (kind: FileInfo['kind']) => ({ ok: true, value: { kind, uid: 0, gid: 0, mode: 0o755 } }) as const;
    expect(explain('EADDRINUSE', { existing: existing('socket') })).toMatchObject({
      code: 'ADDRESS_IN_USE',
      fixes: ['ss -xlp src /run/x.sock'],
    });
    expect(explain('EADDRINUSE', { existing: existing('file') }).why).toEqual(['there is a file of that name']);
  });

  it.each([
    ['ENOTDIR', 'no such directory'],
    ['EROFS', 'read-only file system'],
    ['ENAMETOOLONG', 'path too long'],
  ])('%s: %s', (errno, what) => {
    expect(explain(errno)).toMatchObject({
      code: 'ADDRESS_NOT_AVAILABLE',
      message: `unix socket /run/x.sock: ${what}`,
      fixes: [OWN],
    });
  });

  it('passes anything else on, and no control character', () => {
    expect(explain('EIO', {}, '/run/\x1b[2J')).toMatchObject({
      code: 'SYSTEM',
      message: 'unix socket /run/\\x1b[2J: cannot listen (EIO)',
    });
  });
});
