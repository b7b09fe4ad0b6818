import { describe, expect, it } from 'vitest';
import { parseSocketTable } from './socket-table.ts';

const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     ';
const REST = '00000000:00000000 00:00000000 00000000';

function row(local: string, state: string, uid: number, inode: number): string {
  const remote = `${'0'.repeat(local.indexOf(':'))}:0000`;
  return `   0: ${local} ${remote} ${state} ${REST} ${String(uid).padStart(5)}        0 ${inode} 1 00000000ecaf4e8c 100 0 0 10 0                       `;
}

function addressOf(local: string, byteOrder: 'LE' | 'BE' = 'LE'): string | undefined {
  return parseSocketTable(row(local, '0A', 0, 1), byteOrder)[0]?.address;
}

describe('parseSocketTable', () => {
  it('reads listeners and connections', () => {
    const text = [
      HEADING,
      row('00000000:0050', '0A', 0, 127),
      row('0100007F:1F90', '0A', 1000, 4_000_000_000),
      row('0202000A:0050', '01', 33, 99),
      row('0202000A:0050', '06', 0, 0),
    ].join('\n');
    expect(parseSocketTable(text, 'LE')).toEqual([
      { address: '0.0.0.0', port: 80, listening: true, uid: 0, inode: 127 },
      { address: '127.0.0.1', port: 8080, listening: true, uid: 1000, inode: 4_000_000_000 },
      { address: '10.0.2.2', port: 80, listening: false, uid: 33, inode: 99 },
      { address: '10.0.2.2', port: 80, listening: false, uid: 0, inode: 0 },
    ]);
  });

  it.each([
    ['00000000000000000000000000000000:0050', '::'],
    ['00000000000000000000000001000000:0050', '::1'],
    ['B80D0120000000000000000001000000:0050', '2001:db8::1'],
    ['000080FE00000000FF00FC020100FEFF:0050', 'fe80::2fc:ff:fffe:1'],
    ['0000000000000000FFFF00000100007F:0050', '127.0.0.1'],
  ])('reads the IPv6 address %s', (local, address) => {
    expect(addressOf(local)).toBe(address);
  });

  it('knows the other byte order', () => {
    expect(addressOf('7F000001:0050', 'BE')).toBe('127.0.0.1');
    expect(addressOf('20010DB8000000000000000000000001:0050', 'BE')).toBe('2001:db8::1');
  });

  it.each([
    '',
    HEADING,
    '   0: 00000000:0050 00000000:0000 0A',
    '   0: 0000000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 127 1',
    '   0: 0000000G:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 127 1',
    '   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000    -1        0 127 1',
    'x'.repeat(100_000),
  ])('leaves out a line of another shape (%#)', (line) => {
    expect(parseSocketTable(line, 'LE')).toEqual([]);
  });
});
