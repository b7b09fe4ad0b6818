import { createServer, type Server } from 'node:net';
import { errnoOf, messageOf } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';
import { createLogger, type Logger } from '../base/log.ts';
import { LISTEN_BACKLOG } from '../listen/backlog.ts';
import type { PassedDescriptor } from '../listen/passed.ts';
import { HttpProxy } from '../proxy/proxy.ts';
import { type AccessLog, openAccessLog } from './access-log.ts';
import type { WorkerOptions } from './messages.ts';

/** Accepts on the descriptors it was given and hands the connections to the data plane. */
export class Worker {
  readonly #proxy: HttpProxy;
  readonly #logger: Logger;
  readonly #accessLog: AccessLog | null;
  readonly #servers: Server[] = [];

  /** `runningAs` is shown on the welcome page to local clients. */
  constructor(options: WorkerOptions, runningAs: string) {
    const logger = createLogger({ level: options.logLevel, role: 'worker' });
    const accessLog = openAccessLog(options.accessLog, (error) => {
      logger.warn('the access log ends: stdout cannot be written', { reason: messageOf(error) });
    });
    this.#logger = logger;
    this.#accessLog = accessLog;
    const about = { ...options.proxy.about, runningAs };
    this.#proxy = new HttpProxy(
      { ...options.proxy, about },
      {
        access: accessLog === null ? null : (entry) => accessLog.write(entry),
        warn: (message, fields) => logger.warn(message, fields),
      },
    );
  }

  /** @throws Error naming the descriptor that listen(2) refused. */
  async listen(descriptors: readonly PassedDescriptor[]): Promise<void> {
    await Promise.all(descriptors.map((descriptor) => this.#listenOn(descriptor)));
  }

  /** Stops accepting, and resolves when every exchange in flight is finished or `timeout` milliseconds are over. */
  async drain(timeout: number): Promise<void> {
    // What the kernel has accepted already is taken in this turn of the event loop; closing first would reset it.
    await new Promise((resolve) => setImmediate(resolve));
    for (const server of this.#servers) server.close();
    const { promise: over, timer } = timeoutAfter(timeout);
    const finished = await Promise.race([this.#proxy.drain().then(() => true), over]);
    clearTimeout(timer);
    if (!finished) {
      this.#logger.warn('drain timeout: connections were cut', { connections: this.#proxy.connectionCount });
      this.#proxy.destroy();
    }
    this.flush();
  }

  flush(): void {
    this.#accessLog?.close();
  }

  #listenOn({ fd, name }: PassedDescriptor): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    this.#servers.push(server);
    this.#proxy.attach(server);
    return new Promise((resolve, reject) => {
      server.once('listening', resolve);
      server.on('error', (error) => {
        const why = errnoOf(error) === 'EINVAL' ? 'not a stream socket that listens' : messageOf(error);
        reject(new Error(`descriptor ${fd} ('${escapeControls(name)}'): ${why}`, { cause: error }));
      });
      // As the second argument: Node ignores the `backlog` of the options where a descriptor is given, and lowers it to 511.
      server.listen({ fd }, LISTEN_BACKLOG);
    });
  }
}

function timeoutAfter(milliseconds: number): { promise: Promise<false>; timer: NodeJS.Timeout | undefined } {
  let timer: NodeJS.Timeout | undefined;
  const promise = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  return { promise, timer };
}
