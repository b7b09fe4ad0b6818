import { describe, expect, it } from 'vitest';
import { wire } from '../support/wire.ts';
import { ownLines, startLine, valuesOf } from '../support/wire-text.ts';

/** HTTP/1.0 on either side. */

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n';

describe('an HTTP/1.0 client', () => {
  it('gets its answer and the end of the connection', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\n\r\n');
    const upstream = await origin.accept();
    expect(startLine(await upstream.readHead())).toBe('GET / HTTP/1.1');
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
    const { text, ending } = await client.readToEnd();
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(text).toMatch(/\r\n\r\nhello$/);
    expect(ending).toBe('end');
  });

  it('keeps its connection where it asks for that and the answer has a length', async () => {
    const { origin, client } = await wire();
    const upstream = origin.accept();
    for (let round = 0; round < 2; round++) {
      client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n');
      await (await upstream).readHead();
      (await upstream).send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello');
      const { head, body } = await client.readMessage();
      expect(valuesOf(head, 'Connection')).toEqual(['keep-alive']);
      expect(body).toBe('hello');
    }
  });

  it('gets chunked content plain, to the end of the connection', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
    (await origin.accept()).send(CHUNKED);
    const { text, ending } = await client.readToEnd();
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(valuesOf(text, 'Transfer-Encoding')).toEqual([]);
    expect(text).toMatch(/\r\n\r\nhello$/);
    expect(ending).toBe('end');
  });

  it('may send a body with a length', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    expect((await (await origin.accept()).readMessage()).body).toBe('hello');
  });

  it('needs no Host: the target is named instead', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\n\r\n');
    expect(ownLines(await (await origin.accept()).readHead())).toEqual([`Host: 127.0.0.1:${origin.port}`]);
  });

  it('gets no interim answers, and cannot expect them', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello');
    const upstream = await origin.accept();
    const { head } = await upstream.readMessage();
    expect(valuesOf(head, 'Expect')).toEqual([]);
    upstream.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n');
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    expect((await client.readToEnd()).text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('cannot upgrade', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    expect(ownLines(await (await origin.accept()).readHead())).toEqual(['Host: a']);
  });
});

describe('a body that ends with the origin’s connection', () => {
  it('is chunked for HTTP/1.1, and the client stays', async () => {
    const { origin, client } = await wire();
    for (let round = 0; round < 2; round++) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const upstream = await origin.accept();
      upstream.send('HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhel');
      expect(valuesOf(await client.readHead(), 'Transfer-Encoding')).toEqual(['chunked']);
      expect(await client.readUntil('hel\r\n')).toBe('3\r\nhel\r\n');
      upstream.send('lo');
      upstream.end();
      expect(await client.readUntil('0\r\n\r\n')).toBe('2\r\nlo\r\n0\r\n\r\n');
    }
    expect(origin.accepted).toBe(2);
  });

  it('ends with the client’s connection for HTTP/1.0', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n');
    const upstream = await origin.accept();
    upstream.send('HTTP/1.1 200 OK\r\n\r\nhello');
    upstream.end();
    const { text, ending } = await client.readToEnd();
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(text).toMatch(/\r\n\r\nhello$/);
    expect(ending).toBe('end');
  });
});

describe('an HTTP/1.0 origin', () => {
  it.each([
    ['', 2],
    ['Connection: keep-alive\r\n', 1],
  ])('that says %j serves two requests on so many connections: %i', async (fields, connections) => {
    const { origin, client } = await wire();
    let upstream = origin.accept();
    for (let round = 0; round < 2; round++) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      if (round < connections) upstream = round === 0 ? upstream : origin.accept();
      await (await upstream).readHead();
      (await upstream).send(`HTTP/1.0 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`);
      expect((await client.readMessage()).body).toBe('ok');
    }
    expect(origin.accepted).toBe(connections);
  });
});
