import { describe, expect, it } from 'vitest';
import { type Framing, hasNoBody, requestFraming, responseFraming } from './framing.ts';
import { parseRequestHead, parseResponseHead, type RequestHead, type ResponseHead } from './head.ts';
import { HttpError } from './http-error.ts';

function requestHead(text: string): RequestHead {
  const bytes = Buffer.from(text, 'latin1');
  return parseRequestHead(bytes, 0, bytes.length, LIMITS);
}

function responseHead(text: string, maxFields: number): ResponseHead {
  const bytes = Buffer.from(text, 'latin1');
  return parseResponseHead(bytes, 0, bytes.length, maxFields);
}

const LIMITS = { maxHeadBytes: 32_768, maxFields: 100, maxTargetBytes: 8_192 };

function ofRequest(start: string, fields = ''): Framing | number {
  return statusOr(() => requestFraming(requestHead(`${start}\r\n${fields}\r\n`)));
}

function ofResponse(method: string, start: string, fields = ''): Framing | number {
  return statusOr(() => responseFraming(responseHead(`${start}\r\n${fields}\r\n`, 100), method));
}

function statusOr(read: () => Framing): Framing | number {
  try {
    return read();
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

const LENGTH_5: Framing = { kind: 'length', length: 5 };
const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };

describe('requestFraming', () => {
  it.each<[string, string, Framing | number]>([
    ['GET / HTTP/1.1', '', NONE],
    ['POST / HTTP/1.0', '', NONE],
    ['POST / HTTP/1.1', 'Content-Length: 5\r\n', LENGTH_5],
    ['GET / HTTP/1.0', 'Content-Length: 5\r\n', LENGTH_5],
    ['POST / HTTP/1.1', 'Content-Length: 0\r\n', { kind: 'length', length: 0 }],
    ['POST / HTTP/1.1', 'Content-Length: 999999999999999\r\n', { kind: 'length', length: 999_999_999_999_999 }],
    ['POST / HTTP/1.1', 'Content-Length: 9007199254740993\r\n', 413],
    ['POST / HTTP/1.1', 'Transfer-Encoding: CHUNKED\r\n', CHUNKED],
    ['POST / HTTP/1.1', 'Transfer-Encoding: gzip\r\n', 501],
    ['POST / HTTP/1.0', 'Transfer-Encoding: chunked\r\n', 400],
    ['POST / HTTP/1.1', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 400],
    ['CONNECT a:1 HTTP/1.1', '', NONE],
    ['CONNECT a:1 HTTP/1.1', 'Content-Length: 0\r\n', 400],
    ['TRACE / HTTP/1.1', 'Transfer-Encoding: chunked\r\n', 400],
  ])('%s %j', (start, fields, expected) => {
    expect(ofRequest(start, fields)).toEqual(expected);
  });
});

describe('responseFraming', () => {
  it.each<[string, string, string, Framing | number]>([
    ['GET', 'HTTP/1.1 200 OK', '', { kind: 'close' }],
    ['GET', 'HTTP/1.1 200 OK', 'Content-Length: 5\r\n', LENGTH_5],
    ['GET', 'HTTP/1.1 200 OK', 'Transfer-Encoding: chunked\r\n', CHUNKED],
    ['GET', 'HTTP/1.1 200 OK', 'Transfer-Encoding: gzip\r\n', 502],
    ['GET', 'HTTP/1.0 200 OK', 'Transfer-Encoding: chunked\r\n', 502],
    ['HEAD', 'HTTP/1.1 200 OK', 'Content-Length: 5\r\n', NONE],
    ['HEAD', 'HTTP/1.1 200 OK', 'Transfer-Encoding: chunked\r\n', NONE],
    ['GET', 'HTTP/1.1 204 No Content', 'Content-Length: 5\r\n', NONE],
    ['GET', 'HTTP/1.1 304 Not Modified', 'Content-Length: 5\r\n', NONE],
    ['HEAD', 'HTTP/1.1 200 OK', 'Content-Length: 5\r\nContent-Length: 6\r\n', 502],
  ])('to %s: %s %j', (method, start, fields, expected) => {
    expect(ofResponse(method, start, fields)).toEqual(expected);
  });
});

it('knows the statuses without content', () => {
  expect([100, 103, 199, 200, 204, 205, 304, 400].map(hasNoBody)).toEqual([
    true,
    true,
    true,
    false,
    true,
    false,
    true,
    false,
  ]);
});
