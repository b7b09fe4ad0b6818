import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fakeSystem } from '../system/fake.ts';
import { CAP_NET_BIND_SERVICE, hasCapability, parseProcessStatus, readProcessStatus } from './process-status.ts';

const STATUS = `Name:\tnode
Umask:\t0022
State:\tS (sleeping)
Tgid:\t812
Pid:\t812
Uid:\t1000\t1001\t1002\t1003
Gid:\t100\t101\t102\t103
FDSize:\t64
Groups:\t4 24 27 1000 
CapInh:\t0000000000000000
CapPrm:\t0000000000000400
CapEff:\t0000000000000400
CapBnd:\t000001ffffffffff
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t0
`;

describe('parseProcessStatus', () => {
  it('reads ids, groups and capabilities', () => {
    expect(parseProcessStatus(STATUS)).toEqual({
      uids: [1000, 1001, 1002, 1003],
      gids: [100, 101, 102, 103],
      groups: [4, 24, 27, 1000],
      noNewPrivs: true,
      capabilities: {
        inheritable: 0n,
        permitted: 0x400n,
        effective: 0x400n,
        bounding: 0x1ffffffffffn,
        ambient: 0n,
      },
    });
  });

  it('knows a process without groups', () => {
    expect(parseProcessStatus(STATUS.replace(/Groups:.*/, 'Groups:\t ')).groups).toEqual([]);
  });

  it('takes the first line of a name', () => {
    expect(parseProcessStatus(`${STATUS}Uid:\t0\t0\t0\t0\n`).uids[0]).toBe(1000);
  });

  it.each([
    ['no Uid', /^Uid:.*\n/m, '', 'Uid is missing'],
    ['three uids', /^Uid:.*/m, 'Uid:\t1\t2\t3', 'Uid is malformed'],
    ['a word for a gid', /^Gid:.*/m, 'Gid:\t1\t2\troot\t3', 'Gid is malformed'],
    ['a short capability set', /^CapEff:.*/m, 'CapEff:\t400', 'CapEff is malformed'],
    ['no ambient set', /^CapAmb:.*\n/m, '', 'CapAmb is missing'],
    ['a negative group', /^Groups:.*/m, 'Groups:\t-1', 'Groups is malformed'],
    ['an odd flag', /^NoNewPrivs:.*/m, 'NoNewPrivs:\tyes', 'NoNewPrivs is malformed'],
  ])('refuses %s', (_, pattern, replacement, message) => {
    expect(() => parseProcessStatus(STATUS.replace(pattern, replacement))).toThrow(message);
  });
});

describe('readProcessStatus', () => {
  it('reads this process as id(1) sees it', () => {
    const { uids, gids, groups } = readProcessStatus('self');
    expect(uids[1]).toBe(Number(execFileSync('id', ['-u'])));
    expect(gids[1]).toBe(Number(execFileSync('id', ['-g'])));
    expect(new Set([gids[1], ...groups])).toEqual(
      new Set(
        String(execFileSync('id', ['-G']))
          .split(/\s/)
          .filter(Boolean)
          .map(Number),
      ),
    );
    expect(readProcessStatus(process.pid).uids).toEqual(uids);
  });

  it('says which file it could not read', () => {
    expect(() => readProcessStatus(4, fakeSystem({}))).toThrow('cannot read /proc/4/status: ENOENT');
  });
});

describe('hasCapability', () => {
  it('looks at one bit', () => {
    expect(hasCapability(0x400n, CAP_NET_BIND_SERVICE)).toBe(true);
    expect(hasCapability(0x1fffffffbffn, CAP_NET_BIND_SERVICE)).toBe(false);
  });
});
