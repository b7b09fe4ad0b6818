import { describe, expect, it } from 'vitest';
import { wire } from '../support/wire.ts';
import { startLine, valuesOf } from '../support/wire-text.ts';

/** What is ambiguous or too much is refused, and nothing of it reaches an origin. */

const post = (fields: string, body: string): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const SMUGGLED = 'GET /admin HTTP/1.1\r\nHost: a\r\n\r\n';

describe('refused, and the connection is closed', () => {
  it.each([
    [400, 'length and chunks', post('Content-Length: 4\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')],
    [400, 'two lengths', post('Content-Length: 0\r\nContent-Length: 33\r\n', '')],
    [400, 'a signed length', post('Content-Length: +0\r\n', '')],
    [413, 'a huge length', post('Content-Length: 99999999999999999999\r\n', '')],
    [501, 'another coding', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n')],
    [501, 'an obscured coding', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\n')],
    [400, 'two codings', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\n')],
    [400, 'Transfer-Encoding in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    [400, 'a space before the colon', post('Content-Length : 0\r\n', '')],
    [400, 'a folded line', post('X: y\r\n z\r\nContent-Length: 0\r\n', '')],
    [400, 'a bare line feed', 'GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'],
    [400, 'line feeds only', 'GET / HTTP/1.1\nHost: a\n\n'],
    [400, 'a bare carriage return', 'GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n'],
    [400, 'NUL', 'GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
    [400, 'no Host', 'GET / HTTP/1.1\r\n\r\n'],
    [400, 'two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    [400, 'two equal Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
    [400, 'a list of Hosts', 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
    [400, 'a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
    [400, 'a Host with user information', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
    [400, 'a relative target', 'GET a HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'user information in the target', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'a fragment', 'GET /#x HTTP/1.1\r\nHost: a\r\n\r\n'],
    [400, 'TRACE with a body', 'TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
    [400, 'CONNECT with a body', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx'],
    [501, 'an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
    [505, 'HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [505, 'HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
    [400, 'HTTP/1.10', 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
    [400, 'TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    [400, 'a second empty line', '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('%i: %s', async (status, name, request) => {
    const { origin, client } = await wire();
    client.send(request + SMUGGLED);
    const { text } = await client.readToEnd();
    expect(startLine(text)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(valuesOf(text, 'Connection')).toEqual(['close']);
    expect(text.match(/HTTP\/1\.1 \d/g), name).toHaveLength(1);
    expect(origin.accepted).toBe(0);
  });
});

describe('a malformed chunk', () => {
  it.each([
    ['a size with 0x', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a signed size', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a blank behind the size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a bare line feed', '5\nhello\n0\n\n'],
    ['too large a size', 'ffffffffffffffff\r\nhello\r\n0\r\n\r\n'],
    ['more than the size says', '5\r\nhello!\r\n0\r\n\r\n'],
    ['framing as a trailer', '5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n'],
  ])('%s ends both connections', async (_name, body) => {
    const { origin, client } = await wire();
    client.send(post('Transfer-Encoding: chunked\r\n', body) + SMUGGLED);
    const upstream = await origin.accept();
    const seen = await upstream.readToEnd();
    expect(seen.text).not.toContain('\r\n0\r\n\r\n');
    expect(seen.text).not.toContain('/admin');
    const { text } = await client.readToEnd();
    expect(startLine(text)).toBe('HTTP/1.1 400 Bad Request');
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(origin.accepted).toBe(1);
  });
});

describe('sizes', () => {
  it.each([
    ['414', 'GET a complete target', `GET /${'x'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['414', 'an endless target', `GET /${'x'.repeat(33_000)}`],
    ['431', 'one long field', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(33_000)}\r\n\r\n`],
    ['431', 'an endless field', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(33_000)}`],
    ['431', 'many fields', `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(100)}\r\n`],
  ])('%s: %s', async (status, _name, request) => {
    const { origin, client } = await wire();
    client.send(request);
    expect(startLine((await client.readToEnd()).text)).toContain(`HTTP/1.1 ${status} `);
    expect(origin.accepted).toBe(0);
  });

  it('up to the limits are taken', async () => {
    const { origin, client } = await wire();
    client.send(
      `GET /${'x'.repeat(8_191)} HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(98)}Y: ${'z'.repeat(20_000)}\r\n\r\n`,
    );
    expect((await (await origin.accept()).readHead()).length).toBeGreaterThan(28_000);
  });
});
