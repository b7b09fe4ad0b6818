import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';
import { join } from 'node:path';
import type { ListenAddress } from '../base/address.ts';

/** One socket as the kernel lists it under /proc/self/net. */
export interface KernelSocket {
  readonly kind: string;
  readonly listening: boolean;
  readonly address: ListenAddress;
}

type Table = ReadonlyMap<number, KernelSocket>;

/** TCP_LISTEN of include/net/tcp_states.h, in hex. */
const TCP_LISTEN = '0A';
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
    ...parseInetTable(readTable(netDir, 'tcp'), 'a TCP socket'),
    ...parseInetTable(readTable(netDir, 'tcp6'), 'a TCP socket'),
    ...parseInetTable(readTable(netDir, 'udp'), 'a UDP socket'),
    ...parseInetTable(readTable(netDir, 'udp6'), 'a UDP socket'),
    ...parseUnixTable(readTable(netDir, 'unix')),
  ]);
}

/** proc_pid_net(5), `tcp` and its siblings: `sl local remote state … uid timeout inode`. */
export function parseInetTable(text: string, kind: string): Table {
  const table = new Map<number, KernelSocket>();
  for (const line of text.split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
    const address = local === undefined ? null : parseInetAddress(local);
    if (address === null || inode === undefined) continue;
    table.set(Number(inode), { kind, listening: kind === 'a TCP socket' && state === TCP_LISTEN, address });
  }
  return table;
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

/** `0100007F:0050`: 32-bit words in the byte order of the machine, the port in hex. */
export function parseInetAddress(text: string, byteOrder = endianness()): ListenAddress | null {
  const match = /^((?:[0-9A-F]{8}){1,4}):([0-9A-F]{4})$/.exec(text);
  const [, words = '', port = ''] = match ?? [];
  if (words.length !== 8 && words.length !== 32) return null;
  const bytes = Buffer.from(words, 'hex');
  if (byteOrder === 'LE') bytes.swap32();
  const host =
    bytes.length === 4
      ? bytes.join('.')
      : new SocketAddress({ family: 'ipv6', address: bytes.toString('hex').match(/.{4}/g)?.join(':') ?? '::' }).address;
  return { kind: 'tcp', host, port: Number.parseInt(port, 16) };
}

function readTable(netDir: string, name: string): string {
  try {
    return readFileSync(join(netDir, name), 'utf8');
  } catch {
    // No IPv6, or no /proc: the table is empty to us, and what is not found is left to listen(2) to judge.
    return '';
  }
}
