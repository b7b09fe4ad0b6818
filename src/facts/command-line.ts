import { basename, relative } from 'node:path';

/** Words as a POSIX shell takes them, quoted where they must be. */
export function shellWords(words: readonly string[]): string {
  return words.map(shellQuote).join(' ');
}

export function shellQuote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The command that started this process, to be typed again: `lowport …` where it was found by that name, else
 * `node PATH …`. npm and npx put directories on PATH that the user's shell does not have, so their name for it is not used.
 */
export function typedCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): readonly string[] {
  const [, script = 'lowport', ...args] = argv;
  if (basename(script) === 'lowport' && env.npm_command === undefined) return ['lowport', ...args];
  const path = relative(env.INIT_CWD ?? cwd, script);
  return ['node', path.startsWith('..') ? script : path, ...args];
}
