import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Socket } from 'node:net';

interface Kill {
  readonly time: number;
  /** The client's ports of the connections that went with the worker. */
  readonly ports: ReadonlySet<number>;
}

/** `sl: local_address remote_address st tx:rx tr:when retrnsmt uid timeout inode …`, as /proc/net/tcp has it. */
const TCP_ROW = /^\s*\d+:\s+\S+:([0-9A-F]{4})\s+\S+:([0-9A-F]{4})\s+\S+\s+\S+\s+\S+\s+\S+\s+\d+\s+\d+\s+(\d+)\s/;

/** Kills workers, and knows exactly which connections each took with it: only those may fail. */
export class Kills {
  readonly #kills: Kill[] = [];
  readonly #port: number;

  /** @param port where lowport listens, on 127.0.0.1 */
  constructor(port: number) {
    this.#port = port;
  }

  get count(): number {
    return this.#kills.length;
  }

  /** A stopped process accepts nothing more, so what it holds does not change until it is killed. */
  kill(pid: number): void {
    process.kill(pid, 'SIGSTOP');
    while (!/^\d+ \(.*\) T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
    this.#kills.push({ time: performance.now(), ports: clientPorts(pid, this.#port) });
    process.kill(pid, 'SIGKILL');
  }

  /** Whether a connection that a client opened at `openedAt` from `port` was one of a killed worker. */
  took(port: number, openedAt: number): boolean {
    return this.#kills.some(({ time, ports }) => time >= openedAt && ports.has(port));
  }
}

/** The connections of one attempt of a client, so that a failure can be told from a death. */
export class Attempt {
  static readonly #opened = new WeakMap<Socket, { at: number; port: number | undefined }>();
  readonly #connections: { at: number; port: number | undefined }[] = [];

  /** To be told of each socket before it is connected, and again when it is used again. */
  watch(socket: Socket): void {
    const known = Attempt.#opened.get(socket);
    const connection = known ?? { at: performance.now(), port: socket.localPort };
    if (known === undefined) {
      Attempt.#opened.set(socket, connection);
      socket.once('connect', () => {
        connection.port = socket.localPort;
      });
    }
    this.#connections.push(connection);
  }

  wasHitBy(kills: Kills): boolean {
    return this.#connections.some(({ at, port }) => port !== undefined && kills.took(port, at));
  }
}

function clientPorts(pid: number, listenPort: number): ReadonlySet<number> {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(`/proc/${pid}/fd/${fd}`)));
  const ports = new Set<number>();
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local = '', remote = '', inode] = TCP_ROW.exec(line) ?? [];
    if (Number.parseInt(local, 16) === listenPort && inodes.has(inode)) ports.add(Number.parseInt(remote, 16));
  }
  return ports;
}

function socketInode(link: string): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(readlinkSync(link))?.[1];
}
