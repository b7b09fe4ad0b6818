import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { VIA, wire } from '../support/wire.ts';
import { fieldLines, ownLines, startLine, valuesOf } from '../support/wire-text.ts';

/** Messages go through as they were written. */

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('requests', () => {
  it('are sent byte for byte, with nothing added but where they came from', async () => {
    const { origin, client, proxy } = await wire();
    client.send('GET /a HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x\r\n\r\n');
    const upstream = await origin.accept();
    expect(await upstream.readHead()).toBe(
      'GET /a HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x\r\n' +
        `X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: ${proxy.port}\r\n` +
        `X-Forwarded-Host: example.com\r\nVia: 1.1 ${VIA}\r\n\r\n`,
    );
    expect(await upstream.peek(50)).toBe('');
  });

  it('keep duplicates, their order, and the case of names', async () => {
    const { origin, client } = await wire();
    const lines = [
      'x-B: 1',
      'Cookie: a=b',
      'X-b: 2',
      'COOKIE: c=d',
      'x-B:  spaced \t',
      'X-Latin: \xe4\xff',
      'X-Empty:',
    ];
    client.send(`GET / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n`);
    expect(ownLines(await (await origin.accept()).readHead())).toEqual(['Host: a', ...lines]);
  });

  it.each([
    '/a%2Fb/%2e%2e/c%20d?e=%26&f=g+h',
    '//a///b/./../c',
    '/?',
    '/%',
    '/a;b=c,d:e@f!$\'()*"<>\\^`{|}[]',
    `/${'x'.repeat(8_000)}`,
  ])('keep the target %s', async (target) => {
    const { origin, client } = await wire();
    client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(startLine(await (await origin.accept()).readHead())).toBe(`GET ${target} HTTP/1.1`);
  });

  it.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'PROPFIND', 'PATCH', 'QUERY'])(
    'without a body get none: %s',
    async (method) => {
      const { origin, client } = await wire();
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`);
      const upstream = await origin.accept();
      const head = await upstream.readHead();
      expect(ownLines(head)).toEqual(['Host: a']);
      expect(await upstream.peek(30)).toBe('');
    },
  );

  it('are understood after one empty line', async () => {
    const { origin, client } = await wire();
    client.send('\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(startLine(await (await origin.accept()).readHead())).toBe('GET /x HTTP/1.1');
  });

  it('are understood however they are cut', async () => {
    const { origin, client } = await wire();
    const request = 'POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n';
    const upstream = origin.accept();
    for (let cut = 1; cut < request.length; cut++) {
      client.send(request.slice(0, cut));
      await new Promise(setImmediate);
      client.send(request.slice(cut));
      const peer = await upstream;
      const { head, body } = await peer.readMessage();
      expect(startLine(head)).toBe('POST /x HTTP/1.1');
      expect(body.replace(/^1\r\na\r\n2\r\nbc|^2\r\nab\r\n1\r\nc/, '3\r\nabc')).toBe('3\r\nabc\r\n0\r\nX: y\r\n\r\n');
      peer.send(OK);
      await client.readMessage();
    }
    expect(origin.accepted).toBe(1);
  });
});

describe('responses', () => {
  it('keep duplicates, their order, and the case of names', async () => {
    const { origin, client } = await wire();
    const lines = [
      'set-cookie: a=1',
      'X-A: 1',
      'Set-Cookie: b=2; Path=/',
      'x-a: 2',
      'X-Latin: \xe4',
      'Server: s',
      'Date: d',
    ];
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    upstream.send(`HTTP/1.1 200 Very \xe4 fine\r\n${lines.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`);
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe('HTTP/1.1 200 Very \xe4 fine');
    expect(fieldLines(head)).toEqual([...lines, 'Content-Length: 2', `Via: 1.1 ${VIA}`]);
    expect(body).toBe('ok');
  });

  it.each([301, 302, 303, 307, 308])('pass a redirect on: %i', async (status) => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const upstream = await origin.accept();
    upstream.send(`HTTP/1.1 ${status} Go\r\nLocation: http://127.0.0.1:${origin.port}/x\r\nContent-Length: 0\r\n\r\n`);
    const head = await client.readHead();
    expect(startLine(head)).toBe(`HTTP/1.1 ${status} Go`);
    expect(valuesOf(head, 'Location')).toEqual([`http://127.0.0.1:${origin.port}/x`]);
    expect(origin.accepted).toBe(1);
  });

  it.each([401, 404, 418, 500, 503, 599])('pass an error of the origin on with its own page: %i', async (status) => {
    const { origin, client } = await wire();
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    (await origin.accept()).send(`HTTP/1.1 ${status} x\r\nContent-Length: 4\r\n\r\nmine`);
    const { head, body } = await client.readMessage();
    expect(startLine(head)).toBe(`HTTP/1.1 ${status} x`);
    expect(body).toBe('mine');
  });

  it('leave compressed content as it is', async () => {
    const { origin, client } = await wire();
    const content = gzipSync('y'.repeat(5_000));
    client.send('GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n');
    const upstream = await origin.accept();
    expect(valuesOf(await upstream.readHead(), 'Accept-Encoding')).toEqual(['gzip']);
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${content.length}\r\n\r\n`);
    upstream.send(content);
    const { head, body } = await client.readMessage();
    expect(valuesOf(head, 'Content-Encoding')).toEqual(['gzip']);
    expect(valuesOf(head, 'Content-Length')).toEqual([String(content.length)]);
    expect(Buffer.from(body, 'latin1').equals(content)).toBe(true);
  });

  it('are understood however they are cut', async () => {
    const { origin, client } = await wire();
    const response = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n';
    const upstream = origin.accept();
    for (let cut = 1; cut < response.length; cut++) {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const peer = await upstream;
      await peer.readHead();
      peer.send(response.slice(0, cut));
      await new Promise(setImmediate);
      peer.send(response.slice(cut));
      const { body } = await client.readMessage();
      expect(body.replace(/^1\r\na\r\n2\r\nbc|^2\r\nab\r\n1\r\nc/, '3\r\nabc')).toBe('3\r\nabc\r\n0\r\nX: y\r\n\r\n');
    }
    expect(origin.accepted).toBe(1);
  });
});
