import { once } from 'node:events';
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Server } from 'node:net';
import { onTestFinished } from 'vitest';
import {
  type AccessEntry,
  DEFAULT_CONNECT_PORTS,
  DEFAULT_LIMITS,
  type ForwardOptions,
  type Limits,
  type ProxyOptions,
  type Route,
  type Target,
} from '../../src/proxy/options.ts';
import { HttpProxy } from '../../src/proxy/proxy.ts';
import { WirePeer } from './wire-peer.ts';

/** An HttpProxy in this process, between raw sockets on both sides. Everything is closed when the test has ended. */

export interface WireOptions extends Partial<Omit<ProxyOptions, 'limits'>> {
  readonly limits?: Partial<Limits>;
  /** Listen on a unix socket instead of a loopback port. */
  readonly listenPath?: string;
  /** Where clients seem to come from, for lack of other machines. */
  readonly clientAddress?: string | (() => string);
}

export const VIA = 'wire-test';

export class WireProxy {
  readonly proxy: HttpProxy;
  readonly access: AccessEntry[] = [];
  readonly warnings: string[] = [];
  readonly #server: Server;

  constructor(options: WireOptions) {
    const observer = {
      access: (entry: AccessEntry) => this.access.push(entry),
      warn: (message: string) => this.warnings.push(message),
    };
    const { limits, listenPath: _, clientAddress, ...rest } = options;
    this.proxy = new HttpProxy(
      {
        routes: [],
        forward: null,
        trustProxy: [],
        forwarded: false,
        upstreamCa: null,
        about: { version: '0', socket: 'bound by the test', runningAs: 'the test' },
        viaName: VIA,
        ownPorts: [],
        limits: { ...DEFAULT_LIMITS, ...limits },
        ...rest,
      },
      observer,
    );
    // As the program makes its servers.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true });
    if (clientAddress === undefined) {
      this.proxy.attach(this.#server);
      return;
    }
    this.#server.on('connection', (socket) => {
      const value = typeof clientAddress === 'string' ? clientAddress : clientAddress();
      Object.defineProperty(socket, 'remoteAddress', { value });
      this.proxy.handleConnection(socket, false);
    });
  }

  async listen(where: { port: number; host: string } | { path: string }): Promise<void> {
    this.#server.listen(where);
    await once(this.#server, 'listening');
  }

  get port(): number {
    return portOf(this.#server);
  }

  connect(where: NetConnectOpts = { port: this.port, host: '127.0.0.1' }): Promise<WirePeer> {
    return connectPeer(where);
  }

  close(): void {
    this.proxy.destroy();
    this.#server.close();
  }
}

export async function startProxy(options: WireOptions): Promise<WireProxy> {
  const proxy = new WireProxy(options);
  onTestFinished(() => proxy.close());
  await proxy.listen(options.listenPath === undefined ? { port: 0, host: '127.0.0.1' } : { path: options.listenPath });
  return proxy;
}

/** A server that does nothing by itself: the test takes its connections and plays its part. */
export class WireOrigin {
  readonly server: Server;
  readonly #connections: WirePeer[] = [];
  readonly #waiting: ((peer: WirePeer) => void)[] = [];
  /** Connections accepted so far. */
  accepted = 0;
  /** Requests that `serve` has answered. */
  served = 0;

  constructor() {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.accepted++;
      const peer = new WirePeer(socket);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#connections.push(peer);
      else waiting(peer);
    });
  }

  get port(): number {
    return portOf(this.server);
  }

  get target(): Target {
    return targetTo(this.port);
  }

  /** From now on answers every request on every connection with `response`. */
  serve(response: string): this {
    const serveOne = async (peer: WirePeer): Promise<void> => {
      while (peer.ending === null) {
        await peer.readMessage();
        this.served++;
        peer.send(response);
      }
    };
    // A connection ends in the middle of waiting for the next request: that is how they all end.
    const serveAll = async (): Promise<void> => {
      for (;;) serveOne(await this.accept()).catch(() => {});
    };
    serveAll().catch(() => {});
    return this;
  }

  /** The next connection, of those that have come or the first to come. */
  accept(): Promise<WirePeer> {
    const peer = this.#connections.shift();
    if (peer !== undefined) return Promise.resolve(peer);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('nobody connected to the origin')), 3_000);
      this.#waiting.push((accepted) => {
        clearTimeout(timer);
        resolve(accepted);
      });
    });
  }
}

export async function startOrigin(where: ListenOptions = { port: 0, host: '127.0.0.1' }): Promise<WireOrigin> {
  const origin = new WireOrigin();
  onTestFinished(() => {
    origin.server.close();
  });
  origin.server.listen(where);
  await once(origin.server, 'listening');
  return origin;
}

export async function connectPeer(where: NetConnectOpts): Promise<WirePeer> {
  const socket = connect({ noDelay: true, allowHalfOpen: true, ...where });
  const peer = new WirePeer(socket);
  onTestFinished(() => peer.destroy());
  await once(socket, 'connect');
  return peer;
}

/** A port of this machine on which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

export function targetTo(port: number): Target {
  return { protocol: 'http', host: '127.0.0.1', port, socketPath: null };
}

/** One route for everything. */
export function routeTo(...targets: Target[]): Route {
  return { host: null, path: null, targets, rewriteHost: false };
}

/** A forward proxy open to this machine. */
export function forwardTo(changes: Partial<ForwardOptions> = {}): ForwardOptions {
  return {
    allow: ['127.0.0.0/8'],
    auth: null,
    allowPrivate: false,
    connectPorts: DEFAULT_CONNECT_PORTS,
    localSuffix: true,
    headerRouting: false,
    ...changes,
  };
}

/** The usual test bench: one origin, a proxy in front of it, and a client connected to that. */
export async function wire(
  options: WireOptions = {},
): Promise<{ origin: WireOrigin; proxy: WireProxy; client: WirePeer }> {
  const origin = await startOrigin();
  const proxy = await startProxy({ routes: [routeTo(origin.target)], ...options });
  return { origin, proxy, client: await proxy.connect() };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return address.port;
}
