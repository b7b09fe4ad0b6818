import { describe, expect, it } from 'vitest';
import { lowportReadsRequest, lowportReadsResponse } from '../../test/support/lowport-parser.ts';
import { nodeReadsRequest, nodeReadsResponse } from '../../test/support/node-parser.ts';

/** The tricks by which one recipient is made to see another message than the next (RFC 9112 §11.2). */

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const post = (fields: string, body = ''): string => `POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`;
const chunked = (body: string): string => post('Transfer-Encoding: chunked\r\n', body);
const END = '0\r\n\r\n';

const REFUSED_REQUESTS: Readonly<Record<string, string>> = {
  'Content-Length and Transfer-Encoding': post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', END),
  'Transfer-Encoding and Content-Length': post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', END),
  'two equal lengths': post('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'),
  'two different lengths': post('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello'),
  'two equal lengths in a list': post('Content-Length: 5, 5\r\n', 'hello'),
  'two different lengths in a list': post('Content-Length: 5, 6\r\n', 'hello'),
  'a signed length': post('Content-Length: +5\r\n', 'hello'),
  'a negative length': post('Content-Length: -5\r\n', 'hello'),
  'a hexadecimal length': post('Content-Length: 0x5\r\n', 'hello'),
  'a length with a fraction': post('Content-Length: 5.0\r\n', 'hello'),
  'a length with an exponent': post('Content-Length: 5e0\r\n', 'hello'),
  'a length with a blank within': post('Content-Length: 1 0\r\n', 'hello'),
  'a length with an underscore': post('Content-Length: 1_0\r\n', 'hello'),
  'a quoted length': post('Content-Length: "5"\r\n', 'hello'),
  'an empty length': post('Content-Length:\r\n'),
  'a length after a tab': post('Content-Length:\t5\r\n', 'hello'),
  'a length before a tab': post('Content-Length: 5\t\r\n', 'hello'),
  'a length above 2^64': post('Content-Length: 18446744073709551621\r\n', 'hello'),
  'a space before the colon': post('Content-Length : 5\r\n', 'hello'),
  'a tab before the colon': post('Transfer-Encoding\t: chunked\r\n', END),
  'chunked not last': post('Transfer-Encoding: chunked, gzip\r\n', END),
  'chunked after another coding': post('Transfer-Encoding: gzip, chunked\r\n', END),
  'chunked twice': post('Transfer-Encoding: chunked, chunked\r\n', END),
  'two fields of chunked': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', END),
  'chunked and identity in two fields': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', END),
  identity: post('Transfer-Encoding: identity\r\n', END),
  'an unknown coding': post('Transfer-Encoding: xchunked\r\n', END),
  'a quoted coding': post('Transfer-Encoding: "chunked"\r\n', END),
  'chunked with a parameter': post('Transfer-Encoding: chunked;q=1\r\n', END),
  'chunked with a comma': post('Transfer-Encoding: chunked,\r\n', END),
  'chunked after a comma': post('Transfer-Encoding: ,chunked\r\n', END),
  'an empty coding': post('Transfer-Encoding:\r\n', END),
  'a vertical tab before chunked': post('Transfer-Encoding: \x0bchunked\r\n', END),
  'a next-line character after chunked': post('Transfer-Encoding: chunked\x85\r\n', END),
  'a no-break space before chunked': post('Transfer-Encoding: \xa0chunked\r\n', END),
  'chunked in a folded line': post('Transfer-Encoding:\r\n chunked\r\n', END),
  'a folded line': post('X-A: b\r\n c\r\n'),
  'a line folded by a tab': post('X-A: b\r\n\tc\r\n'),
  'a folded first field': 'GET / HTTP/1.1\r\n Host: a\r\n\r\n',
  'Transfer-Encoding in HTTP/1.0': `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n${END}`,
  'a bare line feed after the request line': 'GET / HTTP/1.1\nHost: a\r\n\r\n',
  'a bare line feed after a field': 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n',
  'a bare line feed in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\nTransfer-Encoding: chunked\r\n\r\n',
  'a head of bare line feeds': 'GET / HTTP/1.1\nHost: a\n\n',
  'a bare carriage return in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\rTransfer-Encoding: chunked\r\n\r\n',
  'a bare carriage return as a line end': 'GET / HTTP/1.1\rHost: a\r\n\r\n',
  'two carriage returns': 'GET / HTTP/1.1\r\nHost: a\r\r\n\r\n',
  'NUL in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n',
  'NUL in a name': 'GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n',
  'a control character in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n',
  'DEL in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n',
  'obs-text in a name': 'GET / HTTP/1.1\r\nHost: a\r\n\xe4: b\r\n\r\n',
  'an empty name': 'GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n',
  'a line without a colon': 'GET / HTTP/1.1\r\nHost: a\r\nX-A\r\n\r\n',
  'two spaces before the target': 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n',
  'two spaces behind the target': 'GET /  HTTP/1.1\r\nHost: a\r\n\r\n',
  'a tab before the target': 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space in the target': 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n',
  'a space behind the version': 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n',
  'obs-text in the target': 'GET /\xe4 HTTP/1.1\r\nHost: a\r\n\r\n',
  'NUL in the target': 'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
  'a fragment in the target': 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n',
  'a fragment in an absolute target': 'GET http://a/#b HTTP/1.1\r\nHost: a\r\n\r\n',
  'no target': 'GET HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/0.9': 'GET /\r\n\r\n',
  'HTTP/1.10': 'GET / HTTP/1.10\r\nHost: a\r\n\r\n',
  'HTTP/01.1': 'GET / HTTP/01.1\r\nHost: a\r\n\r\n',
  'HTTP/1.2': 'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
  'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a lower-case version': 'GET / http/1.1\r\nHost: a\r\n\r\n',
  'a lower-case method': 'get / HTTP/1.1\r\nHost: a\r\n\r\n',
  'an unknown method': 'GETX / HTTP/1.1\r\nHost: a\r\n\r\n',
  'user information in the target': 'GET http://user@a/ HTTP/1.1\r\nHost: a\r\n\r\n',
  'an absolute target without an authority': 'GET http:///a HTTP/1.1\r\nHost: a\r\n\r\n',
  'a relative target': 'GET a/b HTTP/1.1\r\nHost: a\r\n\r\n',
  'an asterisk with GET': 'GET * HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT with content': 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'CONNECT with chunks': `CONNECT a:1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${END}`,
  'CONNECT to a path': 'CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT without a port': 'CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT to port 0': 'CONNECT a:0 HTTP/1.1\r\nHost: a\r\n\r\n',
  'TRACE with content': 'TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'a chunk size with 0x': chunked(`0x5\r\nhello\r\n${END}`),
  'a signed chunk size': chunked(`+5\r\nhello\r\n${END}`),
  'a negative chunk size': chunked(`-5\r\nhello\r\n${END}`),
  'a space before the chunk size': chunked(` 5\r\nhello\r\n${END}`),
  'a space behind the chunk size': chunked(`5 \r\nhello\r\n${END}`),
  'a space before the extension': chunked(`5 ;a\r\nhello\r\n${END}`),
  'a chunk size with an underscore': chunked(`0_5\r\nhello\r\n${END}`),
  'an empty chunk size': chunked(`\r\nhello\r\n${END}`),
  'a chunk size above 2^52': chunked(`10000000000005\r\nhello\r\n${END}`),
  'a chunk size above 2^64': chunked(`10000000000000005\r\nhello\r\n${END}`),
  'a bare line feed behind the chunk size': chunked(`5\nhello\r\n${END}`),
  'a bare carriage return behind the chunk size': chunked(`5\rhello\r\n${END}`),
  'a bare line feed behind a chunk': chunked(`5\r\nhello\n${END}`),
  'nothing behind a chunk': chunked(`5\r\nhello${END}`),
  'more than the chunk holds': chunked(`5\r\nhello!\r\n${END}`),
  'a bare line feed in an extension': chunked(`5;a\nhello\r\n${END}`),
  'a bare carriage return in an extension': chunked(`5;a\rb\r\nhello\r\n${END}`),
  'a space in an extension': chunked(`5; a=b\r\nhello\r\n${END}`),
  'an empty extension': chunked(`5;\r\nhello\r\n${END}`),
  'an extension with an open quotation': chunked(`5;a="b\r\nhello\r\n${END}`),
  'an endless extension': chunked(`5;${'a'.repeat(20_000)}\r\nhello\r\n${END}`),
  'a last chunk ended by line feeds': chunked('0\n\n'),
  'trailers ended by a line feed': chunked('0\r\nX: y\r\n\n\r\n\r\n'),
  'a folded trailer': chunked('0\r\nX: y\r\n z\r\n\r\n'),
  'a trailer with a space before the colon': chunked('0\r\nX : y\r\n\r\n'),
  'Content-Length as a trailer': chunked('0\r\nContent-Length: 5\r\n\r\n'),
  'Transfer-Encoding as a trailer': chunked('0\r\nTransfer-Encoding: chunked\r\n\r\n'),
};

const ACCEPTED_REQUESTS: Readonly<Record<string, string>> = {
  'a length': post('Content-Length: 5\r\n', 'hello'),
  'a length with zeros before it': post('Content-Length: 005\r\n', 'hello'),
  'a length in many blanks': post('Content-Length:   5  \r\n', 'hello'),
  'GET with content': 'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  Chunked: post('Transfer-Encoding: Chunked\r\n', END),
  'a chunk size in either case': chunked(`A\r\n0123456789\r\na\r\n0123456789\r\n${END}`),
  'a chunk size with zeros before it': chunked(`0005\r\nhello\r\n${END}`),
  extensions: chunked(`5;a;b=c;d="e \\" f"\r\nhello\r\n0;g\r\n\r\n`),
  'trailers that are dropped': chunked('0\r\nHost: b\r\nAuthorization: c\r\n\r\n'),
  'obs-text in a value': 'GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\r\n\r\n',
  'HTTP/1.0': 'POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello',
  'an absolute target': 'GET http://a:80/b?c HTTP/1.1\r\nHost: other\r\n\r\n',
  'OPTIONS *': 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  CONNECT: 'CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\n',
};

describe('requests that recipients read differently are refused', () => {
  it.each(Object.entries(REFUSED_REQUESTS))('%s', (_name, text) => {
    expect(lowportReadsRequest(bytes(text))).toBe('refused');
  });
});

describe('requests that all read the same are accepted', () => {
  it.each(Object.entries(ACCEPTED_REQUESTS))('%s', async (_name, text) => {
    const own = lowportReadsRequest(bytes(text));
    if (typeof own === 'string') expect.fail(own);
    expect(own.end).toBe(text.length);
    const node = await nodeReadsRequest(bytes(text), own.persistent);
    expect(node.reading).toEqual(own.reading);
    expect(node.error).toBeNull();
  });
});

const ok = (fields: string, body = ''): string => `HTTP/1.1 200 OK\r\n${fields}\r\n${body}`;

describe('responses that recipients read differently are refused', () => {
  it.each([
    ['Content-Length and Transfer-Encoding', ok('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', END)],
    ['two equal lengths', ok('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello')],
    ['two different lengths', ok('Content-Length: 5\r\nContent-Length: 6\r\n', 'hello')],
    ['a signed length', ok('Content-Length: +5\r\n', 'hello')],
    ['chunked not last', ok('Transfer-Encoding: chunked, gzip\r\n', END)],
    ['Transfer-Encoding in HTTP/1.0', `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${END}`],
    ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n'],
    ['a folded line', ok('Content-Length: 5\r\nX: y\r\n z\r\n', 'hello')],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['NUL in the reason', 'HTTP/1.1 200 \0\r\n\r\n'],
    ['a lower-case version', 'http/1.1 200 OK\r\n\r\n'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a chunk size with a blank', ok('Transfer-Encoding: chunked\r\n', `5 \r\nhello\r\n${END}`)],
    ['ICY', 'ICY 200 OK\r\n\r\n'],
  ])('%s', (_name, text) => {
    expect(lowportReadsResponse(bytes(text), 'GET')).toBe('refused');
  });
});

describe('responses that all read the same are accepted', () => {
  it.each([
    ['GET', 'a length', ok('Content-Length: 5\r\n', 'hello')],
    ['GET', 'chunks', ok('Transfer-Encoding: chunked\r\n', `5\r\nhello\r\n${END}`)],
    ['GET', 'until the connection closes', ok('', 'hello')],
    ['HEAD', 'a length without content', ok('Content-Length: 5\r\n')],
    ['HEAD', 'chunks without content', ok('Transfer-Encoding: chunked\r\n')],
    ['GET', '204', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['GET', '204 with a length', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
    ['GET', '304 with a length', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'no reason', 'HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n'],
    ['GET', 'neither reason nor its space', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n'],
  ])('to %s: %s', async (method, _name, text) => {
    const own = lowportReadsResponse(bytes(text), method);
    if (typeof own === 'string') expect.fail(own);
    expect(own.end).toBe(text.length);
    const node = await nodeReadsResponse(method, bytes(text), own.untilClose);
    expect(node.reading).toEqual(own.reading);
    expect(node.error).toBeNull();
  });
});
