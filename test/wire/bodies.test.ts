import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { wire } from '../support/wire.ts';
import { startLine, unchunk, valuesOf } from '../support/wire-text.ts';

/** Bodies in both directions, and messages that have none. */

const sha256 = (bytes: Buffer | string): string =>
  createHash('sha256')
    .update(bytes as string, 'latin1')
    .digest('hex');
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const BIG = randomBytes(5 * 1024 * 1024 + 7);

describe('large bodies', () => {
  it('go up and down with a length', async () => {
    const { origin, client } = await wire();
    client.send(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BIG.length}\r\n\r\n`);
    client.send(BIG);
    const upstream = await origin.accept();
    const up = await upstream.readMessage();
    expect(valuesOf(up.head, 'Transfer-Encoding')).toEqual([]);
    expect(sha256(up.body)).toBe(sha256(BIG));
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG.length}\r\n\r\n`);
    upstream.send(BIG);
    const down = await client.readMessage();
    expect(valuesOf(down.head, 'Transfer-Encoding')).toEqual([]);
    expect(sha256(down.body)).toBe(sha256(BIG));
  });

  it('go up and down in chunks', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const upstream = await origin.accept();
    for (let at = 0; at < BIG.length; at += 300_000) {
      const piece = BIG.subarray(at, at + 300_000);
      client.send(`${piece.length.toString(16)};x=y\r\n`);
      client.send(piece);
      client.send('\r\n');
    }
    client.send('0\r\n\r\n');
    const up = await upstream.readMessage();
    expect(valuesOf(up.head, 'Content-Length')).toEqual([]);
    expect(up.body.includes(';x=y\r\n')).toBe(false);
    expect(sha256(unchunk(up.body))).toBe(sha256(BIG));
    upstream.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    upstream.send(Buffer.concat([Buffer.from(`${BIG.length.toString(16)}\r\n`), BIG, Buffer.from('\r\n0\r\n\r\n')]));
    expect(sha256(unchunk((await client.readMessage()).body))).toBe(sha256(BIG));
  });
});

describe('nothing waits for more', () => {
  it('the first bytes of a response', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01');
    await client.readHead();
    expect(await client.read(2)).toBe('01');
    upstream.send('23');
    expect(await client.read(2)).toBe('23');
    upstream.send('456789');
    expect(await client.read(6)).toBe('456789');
  });

  it('a head before its body', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    (await origin.accept()).send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 200 OK');
  });

  it('events of a stream', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n');
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.readHead();
    for (let event = 0; event < 5; event++) {
      upstream.send(`9\r\ndata: ${event}\n\n\r\n`);
      expect(await client.readUntil('\n\n\r\n')).toBe(`9\r\ndata: ${event}\n\n\r\n`);
    }
  });

  it('the pieces of a request body', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const upstream = await origin.accept();
    await upstream.readHead();
    for (const piece of ['one', 'three']) {
      client.send(`${piece.length}\r\n${piece}\r\n`);
      expect(await upstream.readUntil(`${piece}\r\n`)).toBe(`${piece.length}\r\n${piece}\r\n`);
    }
    client.send('0\r\n\r\n');
    expect(await upstream.readHead()).toBe('0\r\n\r\n');
  });

  it('an answer that comes before the request is complete', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nbegin');
    const upstream = await origin.accept();
    await upstream.readUntil('begin');
    upstream.send('HTTP/1.1 413 Too Big\r\nContent-Length: 2\r\n\r\nno');
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 413 Too Big');
    expect(valuesOf(head, 'Connection')).toEqual(['close']);
    expect(body).toBe('no');
    expect((await client.readToEnd()).ending).toBe('end');
  });
});

describe('trailers', () => {
  it('of a request are passed on', async () => {
    const { origin, client } = await wire();
    client.send(
      'POST / HTTP/1.1\r\nHost: a\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\nx-Sum: 2\r\n\r\n',
    );
    const { head, body } = await (await origin.accept()).readMessage();
    expect(valuesOf(head, 'Trailer')).toEqual(['X-Sum']);
    expect(body).toBe('1\r\na\r\n0\r\nX-Sum: 1\r\nx-Sum: 2\r\n\r\n');
  });

  it('of a response are passed on, but for those that may not come late', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n');
    (await origin.accept()).send(
      'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n' +
        'X-Sum: 1\r\nHost: b\r\nSet-Cookie: c\r\nContent-Type: d\r\nAuthorization: e\r\nConnection: close\r\n\r\n',
    );
    const { head, body } = await client.readMessage();
    expect(valuesOf(head, 'Trailer')).toEqual(['X-Sum']);
    expect(body).toBe('1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n');
  });
});

describe('messages without a body', () => {
  it.each([
    ['HEAD', '200 OK', 'Content-Length: 5\r\n', ['5']],
    ['HEAD', '200 OK', 'Transfer-Encoding: chunked\r\n', []],
    ['HEAD', '200 OK', '', []],
    ['GET', '204 No Content', '', []],
    ['GET', '204 No Content', 'Content-Length: 0\r\n', []],
    ['GET', '304 Not Modified', 'Content-Length: 5\r\nETag: "x"\r\n', ['5']],
    ['GET', '304 Not Modified', 'Transfer-Encoding: chunked\r\n', []],
  ])('%s answered %s with %j', async (method, status, fields, lengths) => {
    const { origin, client } = await wire();
    const upstream = origin.accept();
    for (let round = 0; round < 2; round++) {
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      await (await upstream).readHead();
      (await upstream).send(`HTTP/1.1 ${status}\r\n${fields}\r\n`);
      const head = await client.readHead();
      expect(startLine(head)).toBe(`HTTP/1.1 ${status}`);
      expect(valuesOf(head, 'Content-Length')).toEqual(lengths);
      expect(valuesOf(head, 'Transfer-Encoding')).toEqual([]);
    }
    expect(await client.peek(20)).toBe('');
    expect(origin.accepted).toBe(1);
  });

  it('a request with Content-Length: 0', async () => {
    const { origin, client } = await wire();
    const upstream = origin.accept();
    for (let round = 0; round < 2; round++) {
      client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
      expect(valuesOf(await (await upstream).readHead(), 'Content-Length')).toEqual(['0']);
      (await upstream).send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
      expect(valuesOf(await client.readHead(), 'Content-Length')).toEqual(['0']);
    }
    expect(origin.accepted).toBe(1);
  });

  it('GET with one is passed on with it', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    expect((await (await origin.accept()).readMessage()).body).toBe('hello');
  });
});

describe('bytes behind a response', () => {
  it.each([
    ['a length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['no body', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('with %s never become the answer to another request', async (_name, response) => {
    const { origin, client } = await wire();
    client.send(GET);
    (await origin.accept()).send(`${response}HTTP/1.1 200 EVIL\r\nContent-Length: 4\r\n\r\nevil`);
    await client.readMessage();
    client.send(GET);
    const second = await origin.accept();
    second.send('HTTP/1.1 200 Good\r\nContent-Length: 4\r\n\r\ngood');
    expect((await client.readMessage()).body).toBe('good');
  });

  it('that come later, on an idle connection, do neither', async () => {
    const { origin, client } = await wire();
    client.send(GET);
    const first = await origin.accept();
    first.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    await client.readMessage();
    first.send('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n');
    const start = performance.now();
    await first.readToEnd();
    // At once, and not when it has been idle for long enough.
    expect(performance.now() - start).toBeLessThan(1_000);
    client.send(GET);
    (await origin.accept()).send('HTTP/1.1 200 Good\r\nContent-Length: 4\r\n\r\ngood');
    expect((await client.readMessage()).body).toBe('good');
  });
});
