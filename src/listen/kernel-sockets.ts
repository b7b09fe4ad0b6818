import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ListenAddress } from '../base/address.ts';
import { parseSocketTable } from '../base/socket-table.ts';

/** One socket as the kernel lists it under /proc/self/net. */
export interface KernelSocket {
  readonly kind: string;
  readonly listening: boolean;
  readonly address: ListenAddress;
}

type Table = ReadonlyMap<number, KernelSocket>;

const TCP_SOCKET = 'a TCP socket';
/** __SO_ACCEPTCON of include/uapi/linux/net.h: listen(2) was called. */
const ACCEPTING = 0x10000;
const UNIX_KINDS: Readonly<Record<string, string>> = {
  '0001': 'a unix stream socket',
  '0002': 'a unix datagram socket',
  '0005': 'a unix sequential-packet socket',
};

/**
 * Every socket of this network namespace by inode. Sockets that are bound but not listening, and those of another
 * namespace, are not in it.
 */
export function readKernelSockets(netDir = '/proc/self/net'): Table {
  return new Map([
    ...parseInetTable(readTable(netDir, 'tcp'), TCP_SOCKET),
    ...parseInetTable(readTable(netDir, 'tcp6'), TCP_SOCKET),
    ...parseInetTable(readTable(netDir, 'udp'), 'a UDP socket'),
    ...parseInetTable(readTable(netDir, 'udp6'), 'a UDP socket'),
    ...parseUnixTable(readTable(netDir, 'unix')),
  ]);
}

/** proc_pid_net(5): `tcp`, `udp` and their twins for IPv6. */
export function parseInetTable(text: string, kind: string): Table {
  return new Map(
    parseSocketTable(text).map(({ address, port, listening, inode }): [number, KernelSocket] => [
      inode,
      { kind, listening: listening && kind === TCP_SOCKET, address: { kind: 'tcp', host: address, port } },
    ]),
  );
}

/** proc_pid_net(5), `unix`: `Num RefCount Protocol Flags Type St Inode Path`. */
export function parseUnixTable(text: string): Table {
  const table = new Map<number, KernelSocket>();
  const forged = new Set<number>();
  for (const line of text.split('\n').slice(1)) {
    const match = /^\S+: \S+ \S+ ([0-9A-F]{8}) ([0-9A-F]{4}) \S+ +(\d+)(?: (.*))?$/.exec(line);
    if (match === null) continue;
    const [, flags = '', type = '', inode = '', path = ''] = match;
    const id = Number(inode);
    // A path may hold a newline and so a whole made-up line: of two lines for one inode, neither is believed.
    if (table.has(id)) forged.add(id);
    const kind = UNIX_KINDS[type] ?? 'a unix socket';
    const listening = type === '0001' && (Number.parseInt(flags, 16) & ACCEPTING) !== 0;
    table.set(id, { kind, listening, address: { kind: 'unix', path, mode: null } });
  }
  for (const id of forged) table.delete(id);
  return table;
}

function readTable(netDir: string, name: string): string {
  try {
    return readFileSync(join(netDir, name), 'utf8');
  } catch {
    // No IPv6, or no /proc: the table is empty to us, and what is not found is left to listen(2) to judge.
    return '';
  }
}
