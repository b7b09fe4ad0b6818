import { describe, expect, it } from 'vitest';
import { LowportError } from '../base/errors.ts';
import { printError, printWarning } from './output.ts';

function print(error: unknown, options: { isTTY?: boolean; env?: NodeJS.ProcessEnv; isDebug?: boolean } = {}): string {
  let text = '';
  const output = {
    isTTY: options.isTTY ?? false,
    write: (chunk: string) => {
      text += chunk;
    },
  };
  printError(error, { env: options.env ?? {}, stdout: output, stderr: output }, options.isDebug ?? false);
  return text;
}

const denied = new LowportError('port 80: permission denied', {
  code: 'NOT_PERMITTED',
  source: 'system',
  why: ['you are uid 1000 without CAP_NET_BIND_SERVICE', 'unprivileged ports start at 1024 here'],
  fixes: [
    { command: 'sudo lowport 3000', effect: 'binds as root, serves as you' },
    { command: 'lowport 3000 --port 8080', effect: 'no privilege needed' },
    { command: 'lowport doctor', effect: '' },
  ],
});

describe('printError', () => {
  it('says what, why and what to do, aligned', () => {
    expect(print(denied)).toBe(`✗ port 80: permission denied
  why   you are uid 1000 without CAP_NET_BIND_SERVICE
        unprivileged ports start at 1024 here
  fix   sudo lowport 3000          binds as root, serves as you
  or    lowport 3000 --port 8080   no privilege needed
        lowport doctor
`);
  });

  it('has colours on a terminal only, and not under NO_COLOR', () => {
    expect(print(denied, { isTTY: true })).toContain('\x1b[31m✗');
    expect(print(denied, { isTTY: true, env: { NO_COLOR: '1' } })).not.toContain('\x1b');
    expect(print(denied, { isTTY: true, env: { TERM: 'dumb' } })).not.toContain('\x1b');
    expect(print(denied, { isTTY: true, env: { NO_COLOR: '' } })).toContain('\x1b');
  });

  it('escapes what would move the cursor', () => {
    const hostile = new LowportError('bad \x1b[2J\n', {
      code: 'USAGE',
      source: 'usage',
      why: ['\x07\u202e'],
      fixes: [{ command: 'x\r', effect: '\x9b' }],
    });
    expect(print(hostile)).toBe('✗ bad \\x1b[2J\\x0a\n  why   \\x07\\u202e\n  fix   x\\x0d   \\x9b\n');
  });

  it('takes anything else for a defect of its own, with the stack for those who ask', () => {
    const defect = new TypeError('x is not a function', { cause: new Error('deeper') });
    expect(print(defect)).toMatch(/^✗ internal error: x is not a function\n {2}why .*defect in lowport/);
    expect(print(defect)).not.toContain('output.test');
    expect(print(defect, { isDebug: true })).toMatch(/output\.test[\s\S]*Caused by:\nError: deeper/);
    expect(print('a string')).toContain('✗ internal error: a string');
  });
});

describe('printWarning', () => {
  it('is one line', () => {
    let text = '';
    const output = {
      write: (chunk: string) => {
        text += chunk;
      },
    };
    printWarning('one\ntwo', { env: {}, stdout: output, stderr: output });
    expect(text).toBe('! one\\x0atwo\n');
  });
});
