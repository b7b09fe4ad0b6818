import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** What `/echo` answers: the request as the origin got it. */
export interface Echo {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly bytes: number;
  readonly sha256: string;
}

/** Compresses badly, so that lengths before and after differ and a cut shows. */
export const DOCUMENT = Buffer.from(Array.from({ length: 4_000 }, (_, index) => `line ${index * 7919}\n`).join(''));
export const GZIPPED = gzipSync(DOCUMENT);
/** More than any buffer on the way holds. */
export const LARGE = randomBytes(4 * 1024 * 1024);
export const EVENT_COUNT = 20;
export const DOCUMENT_SHA256 = sha256(DOCUMENT);

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** An origin with one path for each thing that proxies get wrong. */
export class Origin {
  readonly server: Server;
  readonly port: number;
  /** Lets `/held` send the second half of its answer. */
  release: () => void = () => undefined;

  private constructor(server: Server, port: number) {
    this.server = server;
    this.port = port;
  }

  static async open(): Promise<Origin> {
    const server = createServer();
    const origin = new Origin(server, await listenLocally(server));
    server.on('request', (request, response) => {
      // A client that leaves during its upload: there is nobody to answer.
      origin.#answer(request, response).catch(() => response.destroy());
    });
    return origin;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0];
    if (path === '/document') sendRange(request, response);
    else if (path === '/gzip') {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': GZIPPED.length }).end(GZIPPED);
    } else if (path === '/redirect') {
      response.writeHead(302, { Location: `http://${request.headers.host}/document?followed` }).end();
    } else if (path === '/cookies') {
      response.setHeader('Set-Cookie', ['a=1; Path=/', 'b=2; Path=/']).end('cookies');
    } else if (path === '/chunked') {
      response.write(DOCUMENT.subarray(0, 10));
      response.end(DOCUMENT.subarray(10));
    } else if (path === '/until-close') {
      // Without both, Node ends the body by closing the connection.
      response.removeHeader('Content-Length');
      response.removeHeader('Transfer-Encoding');
      response.end(DOCUMENT);
    } else if (path === '/truncated') {
      response.writeHead(200, { 'Content-Length': 1_000 }).write('x'.repeat(100), () => request.socket.destroy());
    } else if (path === '/truncated-chunked') {
      response.write('x'.repeat(100), () => request.socket.destroy());
    } else if (path === '/large') {
      response.setHeader('Content-Length', LARGE.length).end(LARGE);
    } else if (path === '/events') {
      await sendEvents(response);
    } else if (path === '/held') {
      response.write('first half\n');
      this.release = () => response.end('second half\n');
    } else if (path === '/refused') {
      response.writeHead(413, { Connection: 'close' }).end('too large');
    } else response.end(JSON.stringify(await echo(request)));
  }
}

/** Listens on a port of 127.0.0.1 that the kernel chooses, and answers it. */
export async function listenLocally(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP socket');
  return address.port;
}

/** One event each 50 ms, then the end. */
async function sendEvents(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  for (let number = 1; number <= EVENT_COUNT && !response.destroyed; number++) {
    response.write(`id: ${number}\ndata: event ${number}\n\n`);
    await sleep(50);
  }
  response.end();
}

async function echo(request: IncomingMessage): Promise<Echo> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
  const fields = names.map((name, index): [string, string] => [name, request.rawHeaders[index * 2 + 1] ?? '']);
  return { method: request.method ?? '', target: request.url ?? '', fields, bytes, sha256: hash.digest('hex') };
}

/** `Range: bytes=FROM-` and `FROM-TO`, which is what curl sends. */
function sendRange(request: IncomingMessage, response: ServerResponse): void {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (from === undefined) {
    response.writeHead(200, { 'Accept-Ranges': 'bytes', 'Content-Length': DOCUMENT.length }).end(DOCUMENT);
    return;
  }
  const part = DOCUMENT.subarray(Number(from), to === undefined || to === '' ? DOCUMENT.length : Number(to) + 1);
  const range = `bytes ${from}-${Number(from) + part.length - 1}/${DOCUMENT.length}`;
  response.writeHead(206, { 'Content-Range': range, 'Content-Length': part.length }).end(part);
}
