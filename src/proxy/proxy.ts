import type { Server, Socket } from 'node:net';
import { Client } from './client.ts';
import { Downstream } from './downstream.ts';
import type { ProxyObserver, ProxyOptions } from './options.ts';
import { listensOnUnixSocket, peerOf } from './peer.ts';
import { Service } from './service.ts';

/** Where a connection has no port, because it came over a unix socket: what http:// means (RFC 9110 §4.2.1). */
const DEFAULT_PORT = 80;

/** The data plane: serves HTTP on connections it is handed. It opens no listening socket itself. */
export class HttpProxy {
  readonly #service: Service;
  readonly #connections = new Set<Downstream>();
  readonly #perClient = new Map<string, number>();
  #drained: (() => void) | null = null;

  /** @throws RangeError for a malformed CIDR range in the options. */
  constructor(options: ProxyOptions, observer: ProxyObserver) {
    this.#service = new Service(options, observer);
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Serves the connections of a listening server; it must have been made with `allowHalfOpen`. */
  attach(server: Server): void {
    let listener: { onUnixSocket: boolean; port: number } | null = null;
    server.on('connection', (socket) => {
      // Asked once for all connections: each answer costs a system call.
      listener ??= { onUnixSocket: listensOnUnixSocket(server), port: socket.localPort ?? DEFAULT_PORT };
      this.handleConnection(socket, listener.onUnixSocket, listener.port);
    });
  }

  /** Serves one accepted connection; `localPort` is what X-Forwarded-Port says. */
  handleConnection(socket: Socket, onUnixSocket: boolean, localPort = socket.localPort ?? DEFAULT_PORT): void {
    const peer = peerOf(socket, onUnixSocket);
    if (peer === null) {
      socket.destroy();
      return;
    }
    const client = new Client(peer, localPort, this.#service.trustedProxies);
    const fromClient = (this.#perClient.get(client.address) ?? 0) + 1;
    this.#perClient.set(client.address, fromClient);
    const downstream = new Downstream(socket, client, this.#service, (closed) => this.#forget(closed));
    this.#connections.add(downstream);
    const { maxConnections, maxConnectionsPerClient } = this.#service.options.limits;
    const isOver = maxConnections > 0 && this.#connections.size > maxConnections;
    const clientIsOver = maxConnectionsPerClient > 0 && !client.isMany && fromClient > maxConnectionsPerClient;
    if (isOver || clientIsOver) downstream.refuse(503, 'too many connections');
  }

  /** Finishes the exchanges in flight and closes every other connection; resolves when none is left. */
  drain(): Promise<void> {
    this.#service.draining = true;
    for (const downstream of this.#connections) downstream.drain();
    this.#service.closeIdleUpstreams();
    return new Promise((resolve) => {
      this.#drained = resolve;
      this.#reportDrained();
    });
  }

  /** Closes every connection at once. */
  destroy(): void {
    this.#service.draining = true;
    for (const downstream of this.#connections) downstream.destroy();
    this.#service.closeIdleUpstreams();
  }

  #forget(downstream: Downstream): void {
    this.#connections.delete(downstream);
    const { address } = downstream.client;
    const left = (this.#perClient.get(address) ?? 1) - 1;
    if (left === 0) this.#perClient.delete(address);
    else this.#perClient.set(address, left);
    this.#reportDrained();
  }

  #reportDrained(): void {
    if (this.#connections.size > 0) return;
    if (this.#service.draining) this.#service.closeIdleUpstreams();
    this.#drained?.();
  }
}
