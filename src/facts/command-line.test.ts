import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWords, typedCommand } from './command-line.ts';

describe('typedCommand', () => {
  it.each([
    ['the installed program', ['/usr/bin/node', '/usr/local/bin/lowport', '3000'], {}, ['lowport', '3000']],
    ['a checkout', ['node', '/src/lp/dist/cli/main.js', '3000'], {}, ['node', 'dist/cli/main.js', '3000']],
    [
      'npm start from a folder of it',
      ['node', '/src/lp/dist/cli/main.js', '3000'],
      { npm_command: 'run-script', INIT_CWD: '/src/lp/docs' },
      ['node', '/src/lp/dist/cli/main.js', '3000'],
    ],
    [
      'npx',
      ['node', '/root/.npm/_npx/1/node_modules/.bin/lowport', '3000'],
      { npm_command: 'exec' },
      ['node', '/root/.npm/_npx/1/node_modules/.bin/lowport', '3000'],
    ],
    ['nothing', ['node'], {}, ['lowport']],
  ])('repeats %s', (_, argv, env, expected) => {
    expect(typedCommand(argv, env, '/src/lp')).toEqual(expected);
  });
});

describe('shellWords', () => {
  it('survives a shell', () => {
    const words = ['a b', "it's", '$HOME', '--x=1', '', '`id`', 'é', '*', '\n'];
    const text = `printf '%s\\0' ${shellWords(words)}`;
    expect(
      String(execFileSync('sh', ['-c', text]))
        .split('\0')
        .slice(0, -1),
    ).toEqual(words);
  });

  it('leaves plain words plain', () => {
    expect(shellWords(['lowport', '--host', '[::1]:80', 'http://a/b?c'])).toBe(
      "lowport --host '[::1]:80' 'http://a/b?c'",
    );
  });
});
