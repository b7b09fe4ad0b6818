import { splitHostPort } from '../base/address.ts';
import { shellWords } from '../facts/command-line.ts';

/** The typed command with another port: in place of the one it names, else added. */
export function withPort(command: readonly string[], from: number, to: number): string {
  const words = command.map((word, index) => replacePort(word, command[index - 1], from, to) ?? word);
  const replaced = words.some((word, index) => word !== command[index]);
  return shellWords(replaced ? words : [...words, '--port', String(to)]);
}

function replacePort(word: string, previous: string | undefined, from: number, to: number): string | null {
  const equals = word.startsWith('--') ? word.indexOf('=') : -1;
  const flag = equals < 0 ? previous : word.slice(0, equals);
  const value = word.slice(equals + 1);
  const names = flag === '--port' ? value === String(from) : flag === '--host' && splitHostPort(value)?.port === from;
  return names ? `${word.slice(0, -String(from).length)}${to}` : null;
}
