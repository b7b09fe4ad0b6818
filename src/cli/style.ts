import { styleText } from 'node:util';
import type { Io, Output } from './command.ts';

/** Colours for one stream: none unless it is a terminal, and none under NO_COLOR (no-color.org). */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  caution(text: string): string;
}

type Format = Parameters<typeof styleText>[0];

export function styleFor(stream: Output, env: Io['env']): Style {
  const isPlain = stream.isTTY !== true || (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
  const as =
    (format: Format) =>
    (text: string): string =>
      // The stream was looked at already, and styleText would look at stdout.
      isPlain ? text : styleText(format, text, { validateStream: false });
  return { bold: as('bold'), dim: as('dim'), good: as('green'), bad: as('red'), caution: as('yellow') };
}
