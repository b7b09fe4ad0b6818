import { type Parsed, parseEach } from './parsed.ts';
import { parseBoolean } from './scalars.ts';

/** The headings of `--help`, in their order. */
export const OPTION_GROUPS = {
  listen: 'Listen:',
  targets: 'Targets:',
  forward: 'Forward proxy (curl -x):',
  clients: 'Clients:',
  process: 'Process:',
  log: 'Log:',
  limits: 'Limits (0 is off):',
} as const;

type OptionGroup = keyof typeof OPTION_GROUPS;

/** One setting as text: from it come a flag (`--socket-mode`), a variable (`LOWPORT_SOCKET_MODE`) and their help. */
export interface Option<T> {
  readonly group: OptionGroup;
  readonly help: string;
  /** How help shows the argument, `<address>` or `[format]`; null: a switch, `--x` and `--no-x`. */
  readonly argument: string | null;
  /** What an optional argument is when it is left out. */
  readonly preset: string | null;
  /** May be given several times, and takes several values with commas between. */
  readonly isList: boolean;
  readonly defaultText: string | null;
  /** One text, or for a list all of them, trimmed. */
  parse(texts: readonly string[]): Parsed<T>;
}

interface Common {
  readonly group: OptionGroup;
  readonly help: string;
  readonly defaultText?: string;
}

export function single<T>(
  argument: string,
  parse: (text: string) => Parsed<T>,
  common: Common & { readonly preset?: string },
): Option<T> {
  return {
    ...common,
    argument,
    preset: common.preset ?? null,
    isList: false,
    defaultText: common.defaultText ?? null,
    // The last one counts: it is how a wrapper script's options are overridden.
    parse: (texts) => parse(texts.at(-1) ?? ''),
  };
}

export function list<T>(argument: string, parse: (text: string) => Parsed<T>, common: Common): Option<readonly T[]> {
  return {
    ...common,
    argument,
    preset: null,
    isList: true,
    defaultText: common.defaultText ?? null,
    parse: (texts) => {
      const parts = texts.flatMap((text) => text.split(',').map((part) => part.trim()));
      return parts.includes('') ? { fault: 'holds an empty value' } : parseEach(parts, parse);
    },
  };
}

/** A switch; `defaultText: 'on'` makes help show `--no-x`, and "Do not" before its text. */
export function toggle(common: Common): Option<boolean> {
  return { ...single('', parseBoolean, common), argument: null };
}
