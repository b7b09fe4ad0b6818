import { describe, expect, it } from 'vitest';
import { VIA, wire } from '../support/wire.ts';
import { fieldLines, startLine, valuesOf } from '../support/wire-text.ts';

/** 1xx answers, and `Expect: 100-continue`. */

const EXPECTING = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n';

describe('interim responses', () => {
  it('are passed on as they come, before the final one', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    await upstream.readHead();
    upstream.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\nConnection: X\r\nX: y\r\n\r\n');
    const hints = await client.readHead();
    expect(startLine(hints)).toBe('HTTP/1.1 103 Early Hints');
    expect(fieldLines(hints)).toEqual(['Link: </a>', 'Link: </b>', `Via: 1.1 ${VIA}`]);
    upstream.send(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 102 Processing');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 103 Early Hints');
    expect((await client.readMessage()).body).toBe('ok');
  });

  it('have no body whatever their fields say', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    (await origin.accept()).send(
      'HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    );
    expect(valuesOf(await client.readHead(), 'Content-Length')).toEqual([]);
    expect((await client.readMessage()).body).toBe('ok');
  });
});

describe('Expect: 100-continue', () => {
  it('is granted by the origin', async () => {
    const { origin, client } = await wire();
    client.send(EXPECTING);
    const upstream = await origin.accept();
    expect(valuesOf(await upstream.readHead(), 'Expect')).toEqual(['100-continue']);
    expect(await client.peek(50)).toBe('');
    upstream.send('HTTP/1.1 100 Continue\r\n\r\n');
    expect(startLine(await client.readHead())).toBe('HTTP/1.1 100 Continue');
    client.send('hello');
    expect(await upstream.read(5)).toBe('hello');
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const { head, body } = await client.readMessage();
    expect(body).toBe('ok');
    expect(valuesOf(head, 'Connection')).toEqual([]);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(startLine(await upstream.readHead())).toBe('GET / HTTP/1.1');
  });

  it.each(['401 Unauthorized', '413 Too Big', '417 Expectation Failed'])(
    'is refused by the origin: %s',
    async (status) => {
      const { origin, client } = await wire();
      client.send(EXPECTING);
      const upstream = await origin.accept();
      await upstream.readHead();
      upstream.send(`HTTP/1.1 ${status}\r\nContent-Length: 2\r\n\r\nno`);
      const { head, body } = await client.readMessage();
      expect(startLine(head)).toBe(`HTTP/1.1 ${status}`);
      expect(body).toBe('no');
      // The client may or may not send its body now: neither connection can be used again.
      expect(valuesOf(head, 'Connection')).toEqual(['close']);
      expect((await client.readToEnd()).text).toBe('');
      expect((await upstream.readToEnd()).text).toBe('');
    },
  );

  it('need not be waited for', async () => {
    const { origin, client } = await wire();
    client.send(`${EXPECTING}hello`);
    expect((await (await origin.accept()).readMessage()).body).toBe('hello');
  });
});
