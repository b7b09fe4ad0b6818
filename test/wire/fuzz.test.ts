import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { parseTarget } from '../../src/http/target.ts';
import { requestText } from '../support/http-messages.ts';
import { lowportReadsRequest } from '../support/lowport-parser.ts';
import { routeTo, startProxy, targetTo } from '../support/wire.ts';

/**
 * Generated and damaged requests through the whole proxy to Node's own server, over pooled connections: whatever
 * reaches it is what lowport read, once, and nothing ever makes the two see different messages.
 */

const RUNS = 1_500;

interface Seen {
  readonly start: string;
  readonly body: string;
}

/** `GET http://a/b 1.1` as an origin gets it: `GET /b`. */
function startSent(start: string): string {
  const [method = '', target = ''] = start.split(' ');
  const parsed = parseTarget(method, target);
  return `${method} ${parsed.form === 'absolute' ? parsed.path : target}`;
}

it('an origin sees each request once, as lowport read it', { timeout: 60_000 }, async () => {
  const seen: Seen[] = [];
  const refused: string[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('latin1');
    });
    request.on('error', () => {});
    request.on('end', () => {
      seen.push({ start: `${request.method} ${request.url}`, body });
      response.end('seen');
    });
  };
  const server = createServer({ keepAlive: true }, serve);
  for (const event of ['checkContinue', 'checkExpectation'] as const) server.on(event, serve);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // A reset is how a request ends that turns out malformed in its body.
    if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_EOF_STATE') refused.push(error.message);
    socket.destroy();
  });
  onTestFinished(() => server.closeAllConnections());
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not on TCP');
  const proxy = await startProxy({ routes: [routeTo(targetTo(address.port))] });
  let passed = 0;

  await fc.assert(
    fc.asyncProperty(requestText, async (text) => {
      // One empty line before a request is skipped by the connection, before the parser.
      fc.pre(!text.startsWith('\r\n'));
      const own = lowportReadsRequest(Buffer.from(text, 'latin1'));
      if (own === 'incomplete') return;
      seen.length = 0;
      const client = await proxy.connect();
      client.send(own === 'refused' ? text : text.slice(0, own.end));
      const head = await client.readUntil('\r\n\r\n');
      const fromOrigin = /^HTTP\/1\.1 200 /.test(head);
      client.destroy();
      if (own === 'refused') {
        expect(fromOrigin).toBe(false);
        expect(seen).toEqual([]);
      } else if (fromOrigin) {
        expect(seen).toEqual([{ start: startSent(own.reading.start), body: own.reading.body }]);
        passed++;
      } else {
        expect(seen).toEqual([]);
      }
      expect(refused).toEqual([]);
    }),
    { numRuns: RUNS },
  );
  expect(passed).toBeGreaterThan(RUNS / 10);
});
