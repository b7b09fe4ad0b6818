import { endianness } from 'node:os';
import { canonicalAddress } from './address.ts';

/** One line of /proc/net/tcp, tcp6, udp or udp6. */
export interface InetSocket {
  /** Local address in its canonical spelling. */
  readonly address: string;
  /** Local port. */
  readonly port: number;
  /** In TCP's state LISTEN; UDP never is. */
  readonly listening: boolean;
  readonly uid: number;
  /** 0 where no process owns the socket any more (TIME_WAIT). */
  readonly inode: number;
}

/** TCP_LISTEN in the kernel's include/net/tcp_states.h. */
const LISTEN = '0A';

/** `sl: local_address remote_address st tx:rx tr:when retrnsmt uid timeout inode …` (proc_net_tcp in the kernel's documentation). */
const ROW =
  /^\s*\d+:\s+([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})\s+[0-9A-F]+:[0-9A-F]{4}\s+([0-9A-F]{2})\s+\S+\s+\S+\s+\S+\s+(\d{1,10})\s+\d+\s+(\d{1,15})(?:\s|$)/i;

/** Sockets of /proc/net/tcp, tcp6, udp or udp6, which share their columns; lines of any other shape (the heading, a cut-off end) are left out. */
export function parseSocketTable(text: string, byteOrder = endianness()): readonly InetSocket[] {
  const sockets: InetSocket[] = [];
  for (const line of text.split('\n')) {
    const [, address, port, state, uid, inode] = ROW.exec(line) ?? [];
    if (address === undefined || port === undefined) continue;
    sockets.push({
      address: decodeAddress(address, byteOrder),
      port: Number.parseInt(port, 16),
      listening: state?.toUpperCase() === LISTEN,
      uid: Number(uid),
      inode: Number(inode),
    });
  }
  return sockets;
}

/** tcp4_seq_show and tcp6_seq_show print each 32-bit word of the address as a number, in the machine's byte order. */
function decodeAddress(hex: string, byteOrder: 'BE' | 'LE'): string {
  const bytes = Buffer.from(hex, 'hex');
  if (byteOrder === 'LE') bytes.swap32();
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return canonicalAddress(groups.join(':'));
}
