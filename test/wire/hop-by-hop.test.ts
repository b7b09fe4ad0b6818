import { describe, expect, it } from 'vitest';
import { VIA, wire } from '../support/wire.ts';
import { fieldLines, ownLines, valuesOf } from '../support/wire-text.ts';

/** What belongs to one connection stays on it (RFC 9110 §7.6.1). */

async function forwarded(...lines: string[]): Promise<string[]> {
  const { origin, client } = await wire();
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`);
  return ownLines(await (await origin.accept()).readHead()).slice(1);
}

async function answered(...lines: string[]): Promise<string[]> {
  const { origin, client } = await wire();
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  (await origin.accept()).send(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\nContent-Length: 0\r\n\r\n`);
  return fieldLines(await client.readHead()).filter(
    (line) => line !== 'Content-Length: 0' && line !== `Via: 1.1 ${VIA}`,
  );
}

describe('in requests', () => {
  it('removes hop-by-hop fields', async () => {
    const kept = await forwarded(
      'Connection: keep-alive',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: keep-alive',
      'Proxy-Authorization: Basic eDp5',
      'Upgrade: foo',
      'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
      'X-Kept: 1',
    );
    expect(kept).toEqual(['X-Kept: 1']);
  });

  it('removes what the sender nominated, in any case and in several fields', async () => {
    const kept = await forwarded(
      'Connection: x-a, X-B',
      'X-A: 1',
      'x-b: 2',
      'X-C: 3',
      'connection: X-D',
      'X-D: 4',
      'x-A: 5',
    );
    expect(kept).toEqual(['X-C: 3']);
  });

  it('keeps what every recipient needs, even if nominated', async () => {
    const lines = ['Cookie: a', 'Authorization: b', 'Content-Type: c', 'Cache-Control: d', 'Range: bytes=0-1'];
    const kept = await forwarded(
      'Connection: Host, Cookie, Authorization, Content-Type, Cache-Control, Range, X-Forwarded-For, Via',
      ...lines,
    );
    expect(kept).toEqual(lines);
  });

  it('keeps the framing, even if nominated', async () => {
    const { origin, client } = await wire();
    client.send('POST / HTTP/1.1\r\nHost: a\r\nConnection: Content-Length, Host\r\nContent-Length: 5\r\n\r\nhello');
    const { head, body } = await (await origin.accept()).readMessage();
    expect(valuesOf(head, 'Host')).toEqual(['a']);
    expect(valuesOf(head, 'Content-Length')).toEqual(['5']);
    expect(valuesOf(head, 'X-Forwarded-For')).toEqual(['127.0.0.1']);
    expect(valuesOf(head, 'Via')).toEqual([`1.1 ${VIA}`]);
    expect(body).toBe('hello');
  });

  it('passes TE on as far as it is about trailers', async () => {
    expect(await forwarded('TE: trailers, deflate;q=0.5', 'Connection: TE')).toEqual([
      'Connection: TE',
      'TE: trailers',
    ]);
    expect(await forwarded('TE: gzip', 'Connection: TE')).toEqual([]);
  });

  it('does not hand on Connection: close', async () => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    const upstream = await origin.accept();
    expect(valuesOf(await upstream.readHead(), 'Connection')).toEqual([]);
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    const { text } = await client.readToEnd();
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(text).toMatch(/\r\n\r\nok$/);
    expect(await upstream.peek(30)).toBe('');
    expect(upstream.ending).toBeNull();
  });
});

describe('in responses', () => {
  it('removes hop-by-hop fields and what the origin nominated', async () => {
    const kept = await answered(
      'Connection: X-A, keep-alive',
      'X-A: 1',
      'X-B: 2',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: close',
      'Upgrade: h2c',
    );
    expect(kept).toEqual(['X-B: 2']);
  });

  it('keeps what every recipient needs, even if nominated', async () => {
    const lines = ['Set-Cookie: a', 'Location: /b', 'Content-Type: c', 'ETag: "d"', 'WWW-Authenticate: Basic'];
    const kept = await answered('Connection: Set-Cookie, Location, Content-Type, ETag, WWW-Authenticate', ...lines);
    expect(kept).toEqual(lines);
  });

  it('keeps the client although the origin closes', async () => {
    const { origin, client } = await wire();
    for (let round = 0; round < 2; round++) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const upstream = await origin.accept();
      upstream.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
      upstream.end();
      const { head } = await client.readMessage();
      expect(valuesOf(head, 'Connection')).toEqual([]);
    }
    expect(origin.accepted).toBe(2);
  });
});
