import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { WebSocketServer } from 'ws';
import { listenLocally } from './origin.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const EVENT_COUNT = 5;

/** The origin of two pages that talk back to it: by WebSocket (`/websocket.html`) and by events (`/events.html`). */
export class PageOrigin {
  /** What WebSocket clients closed with. */
  readonly closed: { readonly code: number; readonly reason: string }[] = [];
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #sockets = new WebSocketServer({ server: this.#server });
  #events: ServerResponse | null = null;
  #port = 0;

  static async open(): Promise<PageOrigin> {
    const origin = new PageOrigin();
    origin.#sockets.on('connection', (socket) => {
      socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
      socket.on('pong', () => socket.send('pong came'));
      socket.on('close', (code, reason) => origin.closed.push({ code, reason: reason.toString() }));
      socket.ping();
    });
    origin.#port = await listenLocally(origin.#server);
    return origin;
  }

  get port(): number {
    return this.#port;
  }

  close(): void {
    this.#sockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    const [, seen] = /^\/seen\/(\d+)$/.exec(path) ?? [];
    if (path === '/events') this.#openEvents(request.headers['last-event-id'], response);
    else if (seen !== undefined) this.#eventSeen(Number(seen), response);
    else if (/^\/[a-z]+\.html$/.test(path)) {
      response.setHeader('Content-Type', 'text/html; charset=utf-8').end(readFileSync(join(FIXTURES, path)));
    } else response.writeHead(404).end();
  }

  #openEvents(lastEventId: string | string[] | undefined, response: ServerResponse): void {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
    if (lastEventId !== undefined) {
      response.write(`data: resumed after ${lastEventId}\n\n`);
      return;
    }
    this.#events = response;
    response.write('retry: 50\n\n');
    response.write('id: 1\ndata: event 1\n\n');
  }

  #eventSeen(id: number, response: ServerResponse): void {
    response.writeHead(204).end();
    if (id < EVENT_COUNT) this.#events?.write(`id: ${id + 1}\ndata: event ${id + 1}\n\n`);
    else this.#events?.end();
  }
}
