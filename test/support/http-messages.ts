import fc from 'fast-check';

/** Generators of HTTP messages as bytes (latin1 text), mostly valid, and of small damage done to them. */

const NAMES = [
  'Host',
  'Connection',
  'Content-Length',
  'Content-Type',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
  'Trailer',
  'Keep-Alive',
  'Cookie',
  'X-A',
  "!#$%&'*+-.^_`|~",
];
const VALUES = [
  '',
  '5',
  '0',
  'chunked',
  'close',
  'keep-alive',
  'upgrade',
  'a, b',
  '100-continue',
  'x\ty',
  '\x80\xff',
  '"q"',
];
const TARGETS = [
  '/',
  '/a%2Fb?c=d',
  '*',
  'http://example.com/',
  'http://example.com',
  'example.com:443',
  '//a',
  '/\\"<>^`{|}',
  'coap+tcp://a/',
  'h2://a/',
  '/a#b',
  'http://[::1]:80/',
  'http://a_b~(c):1?d',
];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS', 'CONNECT', 'TRACE', 'DELETE', 'M-SEARCH', 'SOURCE', 'QUERY'];
const EXTENSIONS = [
  ...Array<string>(20).fill(''),
  '',
  '',
  '',
  ';a',
  ';a=b',
  ';a="b c"',
  ';a="\\""',
  ';',
  ';=',
  ';a=',
  '; a',
  ' ;a',
  ';a ',
  ';a=\x80',
  ';\t',
];
const SIZES = ['plain', 'upper', 'zeros', 'plain'] as const;

const oneOf = (texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const blank = oneOf(['', ' ', ' ', ' ', '\t', '  ']);

const fieldLine = fc
  .tuple(oneOf(NAMES), blank, fc.oneof(oneOf(VALUES), latin1Text(8)), blank)
  .map(([name, before, value, after]) => `${name}:${before}${value}${after}\r\n`);

const harmlessLine = fc
  .tuple(oneOf(['X-A', 'Cookie', 'accept']), blank, oneOf(['', 'v', 'a, b', '\x80\xff']), blank)
  .map(([name, before, value, after]) => `${name}:${before}${value}${after}\r\n`);

function latin1Text(maxLength: number): fc.Arbitrary<string> {
  return fc
    .array(fc.integer({ min: 0x20, max: 0xff }), { maxLength })
    .map((codes) => codes.map((code) => String.fromCharCode(code)).join(''));
}

interface Framed {
  readonly fields: string;
  readonly body: string;
}

const chunk = fc
  .tuple(
    latin1Text(20).filter((text) => text !== ''),
    oneOf(EXTENSIONS),
    fc.constantFrom(...SIZES),
  )
  .map(([data, extension, spelling]) => `${sizeText(data.length, spelling)}${extension}\r\n${data}\r\n`);

function sizeText(size: number, spelling: (typeof SIZES)[number]): string {
  const text = size.toString(16);
  return spelling === 'upper' ? text.toUpperCase() : spelling === 'zeros' ? `000${text}` : text;
}

const trailers = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: harmlessLine },
  { weight: 1, arbitrary: fieldLine },
);

const chunkedBody = fc
  .tuple(fc.array(chunk, { maxLength: 3 }), oneOf(EXTENSIONS), trailers)
  .map(([chunks, extension, trailer]) => `${chunks.join('')}0${extension}\r\n${trailer}\r\n`);

const framed: fc.Arbitrary<Framed> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ fields: '', body: '' }) },
  { weight: 3, arbitrary: latin1Text(20).map((body) => ({ fields: `Content-Length: ${body.length}\r\n`, body })) },
  { weight: 6, arbitrary: chunkedBody.map((body) => ({ fields: 'Transfer-Encoding: chunked\r\n', body })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(chunkedBody, oneOf(VALUES))
      .map(([body, coding]) => ({ fields: `Transfer-Encoding: ${coding}\r\n`, body })),
  },
);

const fieldLines = fc
  .array(fc.oneof({ weight: 9, arbitrary: harmlessLine }, { weight: 1, arbitrary: fieldLine }), { maxLength: 4 })
  .map((lines) => lines.join(''));

const version = fc.oneof(
  { weight: 20, arbitrary: fc.constant('HTTP/1.1') },
  { weight: 2, arbitrary: fc.constant('HTTP/1.0') },
  { weight: 1, arbitrary: oneOf(['HTTP/1.2', 'HTTP/2.0', 'http/1.1', 'HTTP/1.10']) },
);

const plainRequest = fc
  .tuple(
    fc.oneof({ weight: 5, arbitrary: fc.constant('POST') }, { weight: 1, arbitrary: oneOf(METHODS) }),
    fc.oneof({ weight: 2, arbitrary: fc.constant('/') }, { weight: 1, arbitrary: oneOf(TARGETS) }),
    version,
    fieldLines,
    framed,
  )
  .map(
    ([method, target, http, fields, { fields: framing, body }]) =>
      `${method} ${target} ${http}\r\nHost: a\r\n${fields}${framing}\r\n${body}`,
  );

const plainResponse = fc
  .tuple(
    version,
    oneOf(['200 OK', '200 ', '200', '204 No Content', '304 x', '404 \x80', '599 a\tb', '700 ']),
    fieldLines,
    framed,
  )
  .map(([http, status, fields, { fields: framing, body }]) => `${http} ${status}\r\n${fields}${framing}\r\n${body}`);

const HOSTILE = '\r\n\0 \t:;,+-0159xAa"=\x7f\x80\xff\x0b\x0c\x85\xa0';

interface Damage {
  readonly kind: 'insert' | 'replace' | 'remove' | 'repeat';
  /** Where, as a fraction of the length. */
  readonly at: number;
  readonly text: string;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  kind: fc.constantFrom('insert', 'replace', 'remove', 'repeat'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  text: fc.oneof(oneOf([...HOSTILE]), oneOf(['\r\n', '\r\n ', ' chunked', 'chunked', '0x', '\n\n'])),
});

function applyDamage(message: string, { kind, at, text }: Damage): string {
  const index = Math.floor(at * message.length);
  switch (kind) {
    case 'insert':
      return message.slice(0, index) + text + message.slice(index);
    case 'replace':
      return message.slice(0, index) + text + message.slice(index + text.length);
    case 'remove':
      return message.slice(0, index) + message.slice(index + 1);
    case 'repeat': {
      const end = message.indexOf('\r\n', index) + 2;
      const start = message.lastIndexOf('\r\n', index) + 2;
      return end > start ? message.slice(0, end) + message.slice(start) : message;
    }
  }
}

function damaged(message: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const damages = fc.oneof(
    { weight: 1, arbitrary: fc.constant<Damage[]>([]) },
    { weight: 2, arbitrary: fc.array(damage, { minLength: 1, maxLength: 2 }) },
  );
  return fc.tuple(message, damages).map(([text, list]) => list.reduce(applyDamage, text));
}

/** A request with its body, perhaps damaged. */
export const requestText = damaged(plainRequest);

/** A response with its body, perhaps damaged. */
export const responseText = damaged(plainResponse);
