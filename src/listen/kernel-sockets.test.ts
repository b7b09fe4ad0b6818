import { describe, expect, it } from 'vitest';
import { parseInetTable, parseUnixTable } from './kernel-sockets.ts';

describe('parseInetTable', () => {
  it('tells listening sockets from connections', () => {
    const table = parseInetTable(
      `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 501 1 0000000000000000 100 0 0 10 0
   1: 0100007F:0050 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 502 1 0000000000000000 20 4 30 10 -1
`,
      'a TCP socket',
    );
    expect([...table].map(([inode, { listening }]) => [inode, listening])).toEqual([
      [501, true],
      [502, false],
    ]);
  });
});

describe('parseUnixTable', () => {
  const HEAD = 'Num       RefCount Protocol Flags    Type St Inode Path\n';

  it('knows types, the listening flag and paths with spaces', () => {
    const table = parseUnixTable(
      `${HEAD}0000000000000000: 00000002 00000000 00010000 0001 01 601 /run/a b.sock
0000000000000000: 00000002 00000000 00000000 0002 01 602 /run/log
0000000000000000: 00000003 00000000 00000000 0001 03 603
`,
    );
    expect(table.get(601)).toEqual({
      kind: 'a unix stream socket',
      listening: true,
      address: { kind: 'unix', path: '/run/a b.sock', mode: null },
    });
    expect(table.get(602)).toMatchObject({ kind: 'a unix datagram socket', listening: false });
    expect(table.get(603)).toMatchObject({ kind: 'a unix stream socket', listening: false });
  });

  it('believes neither of two lines for one inode: a path can forge one', () => {
    const line = '0000000000000000: 00000002 00000000 00010000 0001 01 601 /run/x';
    expect(parseUnixTable(`${HEAD}${line}\n${line}\n`).has(601)).toBe(false);
  });
});
