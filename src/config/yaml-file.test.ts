import { describe, expect, it } from 'vitest';
import { LowportError } from '../base/errors.ts';
import { parseConfig } from './yaml-file.ts';

/** Every line that is reported for a text, without the name of the file. */
function problems(text: string): string[] {
  try {
    parseConfig('f', text);
    return [];
  } catch (error) {
    if (!(error instanceof LowportError)) throw error;
    expect(error.code).toBe('INVALID_CONFIG');
    return (error.why.length > 0 ? error.why : [error.message]).map((line) => line.replace(/^f:/, ''));
  }
}

describe('short forms', () => {
  it('takes the example of the documentation', () => {
    const text = `
listen:
  - port: 80
routes:
  - host: api.example.com
    path: /v1
    targets: [http://127.0.0.1:3000, http://127.0.0.1:3001]
  - target: http://127.0.0.1:8080
`;
    const { listen, routes } = parseConfig('f', text);
    expect(listen).toEqual([{ address: { kind: 'tcp', host: null, port: 80 }, name: null }]);
    expect(routes).toMatchObject([
      { host: 'api.example.com', path: '/v1', targets: [{ port: 3000 }, { port: 3001 }] },
      { host: null, path: null, targets: [{ port: 8080 }] },
    ]);
  });

  it.each(['', '# nothing\n', '---\n', '{}', 'null'])('takes %j as no settings', (text) => {
    expect(parseConfig('f', text)).toEqual({ settings: {}, listen: null, routes: null });
  });

  it.each([
    ['listen: 80', ['*:80']],
    ['listen: "80"', ['*:80']],
    ['listen: 192.168.2.7:80', ['192.168.2.7:80']],
    ['listen: [80, "[::1]:443"]', ['*:80', '::1:443']],
    ['listen: {port: 8080, host: 10.0.0.1}', ['10.0.0.1:8080']],
    ['listen: [{host: localhost:81}, {name: web}]', ['localhost:81', '*:80']],
  ])('reads %s', (text, expected) => {
    const listen = parseConfig('f', text).listen ?? [];
    expect(listen.map(({ address }) => address.kind === 'tcp' && `${address.host ?? '*'}:${address.port}`)).toEqual(
      expected,
    );
  });

  it('reads unix sockets', () => {
    const text = 'listen:\n  - unix:/run/a.sock\n  - {unix: /run/b.sock, mode: "0660"}';
    expect(parseConfig('f', text).listen?.map(({ address }) => address)).toEqual([
      { kind: 'unix', path: '/run/a.sock', mode: null },
      { kind: 'unix', path: '/run/b.sock', mode: 0o660 },
    ]);
  });

  it('reads one target for everything', () => {
    expect(parseConfig('f', 'target: 3000').routes).toMatchObject([
      { host: null, path: null, targets: [{ port: 3000 }] },
    ]);
  });

  it('reads the settings that flags have too', () => {
    const text = `
forward: {allow: [10.0.0.0/8], connectPorts: [8443, "9443"], localSuffix: false}
trustProxy: [127.0.0.1]
forwarded: true
user: 1000
workers: 4
drainTimeout: 5
log: {level: warn, access: off}
limits: {maxHeadBytes: 64KiB, headTimeout: 500ms, idleTimeout: 1.5, maxConnections: 0}
`;
    expect(parseConfig('f', text).settings).toEqual({
      forward: true,
      allow: ['10.0.0.0/8'],
      connectPorts: [8443, 9443],
      localSuffix: false,
      trustProxy: ['127.0.0.1'],
      forwarded: true,
      user: '1000',
      workers: 4,
      drainTimeout: 5_000,
      logLevel: 'warn',
      accessLog: 'off',
      maxHeadBytes: 65_536,
      headTimeout: 500,
      idleTimeout: 1_500,
      maxConnections: 0,
    });
  });

  it('follows anchors', () => {
    const text = 'routes:\n  - {host: a.example, targets: &both [3000, 3001]}\n  - {host: b.example, targets: *both}\n';
    expect(parseConfig('f', text).routes?.[1]?.targets).toHaveLength(2);
  });
});

describe('errors', () => {
  it.each([
    ['listn: 80', '1:1: unknown key "listn"; did you mean listen?'],
    ['a: 1\nb: 2', '1:1: unknown key "a"; unknown key "b"'],
    ['constructor: 1', '1:1: unknown key "constructor"'],
    ['__proto__: {target: 3000}', '1:1: unknown key "__proto__"'],
    ['- target: 3000', '1:1: expected a mapping, not a list'],
    ['3000', '1:1: expected a mapping, not 3000'],
    ['routes:', '1:8: expected a list, not nothing'],
    ['routes: []', '1:9: an empty list says nothing: leave the key out'],
    ['forward: []', '1:10: an empty list says nothing: leave the key out'],
    ['routes:\n  - host: x', '2:5: a route needs a target, or several targets'],
    ['routes:\n  - {target: 1, targets: [2]}', '2:14: target and targets contradict each other'],
    ['routes:\n  - {path: v1, target: 1}', '2:12: "v1" must begin with /'],
    ['target: 1\nroutes: [{target: 2}]', '1:9: target and routes contradict each other'],
    ['routes:\n  - target: 1\n  - {host: "*", target: 2}', '3:5: a route for */ is there already'],
    ['routes: [{host: A.b, target: 1}, {host: a.B, target: 2}]', '1:34: a route for a.b/ is there already'],
    ['listen: [80, "*:80"]', '1:14: *:80 is listened on twice'],
    ['listen: [{unix: /x, port: 80}]', '1:27: unix and port contradict each other'],
    ['listen: {mode: "0660"}', '1:16: mode is for unix sockets only'],
    ['listen: {unix: /x, mode: 0660}', '1:26: a mode needs quotes'],
    ['listen: {prot: 80}', '1:10: unknown key "prot"; did you mean port?'],
    ['listen: 80000', '1:9: "80000" is not a port'],
    ['listen: true', '1:9: expected text, a number, a mapping or a list, not true'],
    ['forward: {auth: {user: a}}', '1:17: "passwordFile" is missing'],
    ['forward: yes', '1:10: expected true or false or a mapping, not text'],
    ['log: {level: wran}', '1:14: "wran" is not one of debug, info, warn, error, silent; did you mean warn?'],
    ['limits: {maxHeadBytes: 1}', '1:24: "1" is not within 256B and 16MiB'],
    ['workers: 1.5', '1:10: "1.5" is not a whole number'],
    ['target: 3000\ntarget: 3001', '2:1: Map keys must be unique'],
    ['target: "3000', '1:14: Missing closing'],
    ['target: !!js/function x', '1:9: Unresolved tag'],
    ['target: 1\n---\ntarget: 2', '2:1: Source contains multiple documents'],
    ['? [a]\n: 1', '1:3: a key must be plain text'],
  ])('says where: %j', (text, expected) => expect(problems(text)[0]).toContain(expected));

  it('reports all at once, in the order of the file', () => {
    const text = 'listen: 99999\ntarget: ftp://x\nlimits:\n  headTimeout: soon\n  maxFeilds: 1\nworkers: 0\n';
    expect(problems(text).map((line) => line.split(' ')[0])).toEqual(['1:9:', '2:9:', '4:16:', '5:3:', '6:10:']);
  });

  it('counts columns across lines that end in CR LF', () => {
    expect(problems('target: 3000\r\nlog: {level: x}\r\n')[0]).toMatch(/^2:14: /);
  });

  it('points at the anchor, where a value is written', () => {
    const text = 'routes:\n  - {host: a.b, targets: &t [x]}\n  - {host: c.d, targets: *t}\n';
    expect(problems(text)[0]).toMatch(/^2:30: "x" has no port/);
  });
});

describe('hostile files', () => {
  const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (const [name, before] of ['ba', 'cb', 'dc', 'ed', 'fe'].map((pair) => [...pair])) {
    laughs.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  const deep = 200_000;

  it.each([
    ['[', '['.repeat(deep)],
    ['{a:', '{a: '.repeat(deep)],
    ['- -', '- '.repeat(deep)],
    ['? ?', '? '.repeat(deep)],
    ['indentation', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('does not follow %s into the depth', (_, text) => {
    expect(problems(text)).toEqual([' it is nested too deep for a configuration']);
  });

  it('does not multiply aliases', () => expect(problems(laughs.join('\n'))[0]).toContain('Excessive alias count'));

  it('survives a list that holds itself', () => expect(problems('listen: &a [*a]')).not.toEqual([]));

  it('leaves brackets in text and comments alone', () => {
    const comment = `# ${'['.repeat(100)}\n`;
    expect(problems(`${comment}target: 3000 # ${'- '.repeat(100)}\nrewriteHost: true\n`)).toEqual([]);
  });

  it('reports twenty problems and counts the others', () => {
    const lines = problems(`listen:\n${'  - x y\n'.repeat(50)}`);
    expect(lines).toHaveLength(21);
    expect(lines[20]).toBe('… and 30 more');
  });
});
