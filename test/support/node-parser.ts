import { createServer, type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

/** How a parser read one message. */
export interface Reading {
  /** `POST /x 1.1` or `200 OK 1.1`. */
  readonly start: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What Node's parser made of bytes that were given to it in three steps. */
export interface NodeVerdict {
  readonly reading: Reading | null;
  /** The message was already complete without its last byte. */
  readonly completeTooEarly: boolean;
  /** A request appended to the message was read as the next one; null where none was appended. */
  readonly nextWasRead: boolean | null;
  readonly error: string | null;
}

const NEXT_TARGET = '/next-request';
const NEXT = `GET ${NEXT_TARGET} HTTP/1.1\r\nHost: next\r\n\r\n`;

/** A connection without a network: what is pushed is what the peer sends. */
class FakeConnection extends Duplex {
  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done();
  }
}

interface Watched {
  reading: Reading | null;
  complete: boolean;
  nextWasRead: boolean;
  error: string | null;
}

const watchedOf = new WeakMap<object, Watched>();

const server = createServer({ insecureHTTPParser: false, maxHeaderSize: 1 << 20, requireHostHeader: false });
for (const event of ['request', 'checkContinue', 'checkExpectation', 'connect'] as const)
  server.on(event, watchRequest);
server.on('clientError', (error, socket) => {
  const watched = watchedOf.get(socket);
  if (watched !== undefined) watched.error ??= error.message;
});

function watchRequest(message: IncomingMessage): void {
  const watched = watchedOf.get(message.socket);
  if (watched === undefined) return;
  if (message.url === NEXT_TARGET) {
    watched.nextWasRead = true;
    return;
  }
  watch(message, `${message.method} ${message.url} ${message.httpVersion}`, watched);
  if (message.method === 'CONNECT') watched.complete = true;
}

function watch(message: IncomingMessage, start: string, watched: Watched): void {
  const fields = pairs(message.rawHeaders);
  let body = '';
  watched.reading = { start, fields, body };
  message.on('error', (error) => {
    watched.error ??= error.message;
  });
  message.on('data', (chunk: Buffer) => {
    body += chunk.toString('latin1');
    watched.reading = { start, fields, body };
  });
  message.on('end', () => {
    watched.complete = message.complete;
  });
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[index * 2] ?? '', raw[index * 2 + 1] ?? '']);
}

/** Gives a request to node:http's server, with another request behind it where `persistent`. */
export async function nodeReadsRequest(bytes: Buffer, persistent: boolean): Promise<NodeVerdict> {
  const connection = new FakeConnection();
  const watched: Watched = { reading: null, complete: false, nextWasRead: false, error: null };
  watchedOf.set(connection, watched);
  server.emit('connection', connection);
  const verdict = await feed(connection, bytes, watched, persistent ? NEXT : null);
  connection.destroy();
  return verdict;
}

/** Gives a response to node:http's client. `untilClose`: the connection's end completes it. */
export async function nodeReadsResponse(method: string, bytes: Buffer, untilClose: boolean): Promise<NodeVerdict> {
  const connection = new FakeConnection();
  const watched: Watched = { reading: null, complete: false, nextWasRead: false, error: null };
  const sent = request({ method, createConnection: () => connection, maxHeaderSize: 1 << 20 });
  sent.on('response', (response) => {
    watch(response, `${response.statusCode} ${response.statusMessage} ${response.httpVersion}`, watched);
  });
  sent.on('error', (error) => {
    watched.error ??= error.message;
  });
  sent.end();
  await turn();
  const verdict = await feed(connection, bytes, watched, untilClose ? 'end' : null);
  connection.destroy();
  return verdict;
}

async function feed(
  connection: FakeConnection,
  bytes: Buffer,
  watched: Watched,
  then: typeof NEXT | 'end' | null,
): Promise<NodeVerdict> {
  await turn();
  connection.push(bytes.subarray(0, -1));
  await turn();
  const completeTooEarly = watched.complete;
  connection.push(bytes.subarray(-1));
  if (then === 'end') connection.push(null);
  await turn();
  await turn();
  const reading = watched.complete ? watched.reading : null;
  if (then !== NEXT) return { reading, completeTooEarly, nextWasRead: null, error: watched.error };
  connection.push(NEXT);
  await turn();
  return { reading, completeTooEarly, nextWasRead: watched.nextWasRead, error: watched.error };
}
