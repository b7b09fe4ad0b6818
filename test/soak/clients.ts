import { createHash, randomBytes } from 'node:crypto';
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { DOCUMENT_SHA256, EVENT_COUNT, LARGE, sha256 } from '../support/origin.ts';
import type { Attempt } from './kills.ts';

export interface Ports {
  readonly lowport: number;
  readonly origin: number;
}

/** One thing a client does, once. It throws where the answer is not what it must be. */
export type Client = (attempt: Attempt, ports: Ports) => Promise<void>;

const LARGE_SHA256 = sha256(LARGE);
const WEBSOCKET_MESSAGES = 20;

/** Closes what the clients keep open between requests. */
export function closeKeptConnections(): void {
  keepAlive.destroy();
}

const keepAlive = new Agent({ keepAlive: true, maxSockets: 8 });

export const CLIENTS: Readonly<Record<string, Client>> = {
  'kept connection': async (attempt, ports) => {
    const answer = await ask(attempt, { port: ports.lowport, path: '/document', agent: keepAlive });
    check(answer.sha256 === DOCUMENT_SHA256, `a wrong body of ${answer.bytes} bytes`);
  },
  'kept connection, form': async (attempt, ports) => {
    const body = Buffer.from('a=1&b=2');
    const answer = await ask(attempt, { port: ports.lowport, method: 'POST', path: '/echo', agent: keepAlive }, body);
    check(echoed(answer.text, body), 'the form came otherwise than it was sent');
  },
  'new connection': async (attempt, ports) => {
    const answer = await ask(attempt, { port: ports.lowport, path: '/chunked', agent: false });
    check(answer.sha256 === DOCUMENT_SHA256, `a wrong body of ${answer.bytes} bytes`);
  },
  upload: async (attempt, ports) => {
    const body = randomBytes(Math.ceil(Math.random() * 2_000_000));
    const headers = Math.random() < 0.5 ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': body.length };
    const options = { port: ports.lowport, method: 'PUT', path: '/echo', headers, agent: false } as const;
    check(echoed((await ask(attempt, options, body)).text, body), 'the upload came otherwise than it was sent');
  },
  download: async (attempt, ports) => {
    const answer = await ask(attempt, { port: ports.lowport, path: '/large', agent: false });
    check(answer.sha256 === LARGE_SHA256, `a wrong body of ${answer.bytes} bytes`);
  },
  'slow download': async (attempt, ports) => {
    const answer = await ask(attempt, { port: ports.lowport, path: '/large', agent: false }, null, 20);
    check(answer.sha256 === LARGE_SHA256, `a wrong body of ${answer.bytes} bytes`);
  },
  events: async (attempt, ports) => {
    const { text } = await ask(attempt, { port: ports.lowport, path: '/events', agent: false });
    check(text.match(/^data: event \d+$/gm)?.length === EVENT_COUNT, 'events are missing');
  },
  WebSocket: (attempt, ports) => talk(attempt, ports.lowport),
  'forward proxy': async (attempt, ports) => {
    const path = `http://127.0.0.1:${ports.origin}/document`;
    const answer = await ask(attempt, { port: ports.lowport, path, agent: false });
    check(answer.sha256 === DOCUMENT_SHA256, `a wrong body of ${answer.bytes} bytes`);
  },
  tunnel: async (attempt, ports) => {
    const socket = await openTunnel(attempt, ports);
    socket.write('GET /large HTTP/1.1\r\nHost: origin\r\nConnection: close\r\n\r\n');
    const answer = await readAll(socket);
    const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
    check(sha256(body) === LARGE_SHA256, `a wrong body of ${body.length} bytes through the tunnel`);
  },
  'answer cut short': async (attempt, ports) => {
    const options = { port: ports.lowport, path: '/truncated-chunked', agent: false } as const;
    const seen = await ask(attempt, options).then(
      () => 'whole',
      () => 'cut',
    );
    check(seen === 'cut', 'an answer that the origin broke off looked whole');
  },
  'client that leaves': async (attempt, ports) => {
    const path = Math.random() < 0.5 ? '/large' : '/events';
    const sent = send(attempt, { port: ports.lowport, path, agent: false });
    sent.on('response', (response) => response.on('error', () => undefined).resume());
    sent.on('error', () => undefined).end();
    await sleep(Math.random() * 100);
    sent.destroy();
  },
  'upload that stops': async (attempt, ports) => {
    const headers = { 'Content-Length': 1_000_000 };
    const sent = send(attempt, { port: ports.lowport, method: 'PUT', path: '/echo', headers, agent: false });
    sent.on('error', () => undefined).write(Buffer.alloc(100_000));
    await sleep(Math.random() * 100);
    sent.destroy();
  },
  'half a head': async (attempt, ports) => {
    const socket = open(attempt, ports.lowport).on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHo');
    await sleep(Math.random() * 200);
    socket.destroy();
  },
  'malformed request': async (attempt, ports) => {
    const socket = open(attempt, ports.lowport);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n');
    const answer = (await readAll(socket)).toString('latin1');
    check(answer.startsWith('HTTP/1.1 400 '), `got ${JSON.stringify(answer.slice(0, 40))}`);
  },
};

interface Answer {
  readonly text: string;
  readonly bytes: number;
  readonly sha256: string;
}

function send(attempt: Attempt, options: RequestOptions): ClientRequest {
  return request({ host: '127.0.0.1', ...options }).once('socket', (socket) => attempt.watch(socket));
}

/** A request that must be answered 200, to its end. `delay`: milliseconds of rest after each piece that is read. */
async function ask(attempt: Attempt, options: RequestOptions, body: Buffer | null = null, delay = 0): Promise<Answer> {
  const sent = send(attempt, options);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // Stays: a reset may come while the answer is read.
    sent.on('response', resolve).on('error', reject);
    sent.end(body ?? undefined);
  });
  const hash = createHash('sha256');
  let bytes = 0;
  let text = '';
  for await (const chunk of response) {
    hash.update(chunk);
    bytes += chunk.length;
    if (bytes < 10_000) text += chunk;
    if (delay > 0) await sleep(delay);
  }
  check(response.statusCode === 200, `status ${response.statusCode}`);
  return { text, bytes, sha256: hash.digest('hex') };
}

function echoed(text: string, body: Buffer): boolean {
  const echo = JSON.parse(text);
  return echo.bytes === body.length && echo.sha256 === sha256(body);
}

function talk(attempt: Attempt, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const createConnection = (): Socket => open(attempt, port);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { createConnection });
    let received = 0;
    socket.on('open', () => socket.send('0'));
    socket.on('message', (data) => {
      if (data.toString() !== String(received)) reject(new Error(`message ${received} came as ${data}`));
      received++;
      if (received === WEBSOCKET_MESSAGES) socket.close(4000, 'enough');
      else setTimeout(() => socket.send(String(received)), 20);
    });
    socket.on('error', reject);
    socket.on('close', (code) => {
      if (code === 4000) resolve();
      else reject(new Error(`WebSocket closed with ${code} after ${received} messages`));
    });
  });
}

function openTunnel(attempt: Attempt, ports: Ports): Promise<Socket> {
  const path = `127.0.0.1:${ports.origin}`;
  return new Promise((resolve, reject) => {
    send(attempt, { port: ports.lowport, method: 'CONNECT', path, agent: false })
      .on('connect', (response, socket) => {
        if (response.statusCode === 200) resolve(socket);
        else reject(new Error(`CONNECT: status ${response.statusCode}`));
      })
      .on('error', reject)
      .end();
  });
}

function open(attempt: Attempt, port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  attempt.watch(socket);
  return socket;
}

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function check(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
