import { type Fix, LowportError, messageOf } from '../base/errors.ts';
import { escapeControls } from '../base/escape.ts';
import type { Io } from './command.ts';
import { type Style, styleFor } from './style.ts';

/** Columns that a fix's command may take before its effect is no longer aligned with the others. */
const MAX_COMMAND_WIDTH = 52;

/**
 * Prints what went wrong to stderr: what, why, and what to do, aligned. Anything but a LowportError is a defect of ours
 * and is said to be one, with its stack only under `--log-level debug`.
 */
export function printError(error: unknown, io: Io, isDebug: boolean): void {
  const style = styleFor(io.stderr, io.env);
  const known = error instanceof LowportError ? error : toDefect(error);
  const lines = [`${style.bad('✗')} ${style.bold(escapeControls(known.message))}`];
  for (const [index, line] of known.why.entries())
    lines.push(`${label(index === 0 ? 'why' : '', style)}${escapeControls(line)}`);
  lines.push(...fixLines(known.fixes, style));
  if (isDebug) lines.push(...stackLines(error));
  io.stderr.write(`${lines.join('\n')}\n`);
}

export function printWarning(text: string, io: Io): void {
  const style = styleFor(io.stderr, io.env);
  io.stderr.write(`${style.caution('!')} ${escapeControls(text)}\n`);
}

/** An error as `--json` shows it. */
export function errorToJson(error: LowportError): object {
  const { code, message, why, fixes } = error;
  return { code, message, why, fixes };
}

function fixLines(fixes: readonly Fix[], style: Style): string[] {
  const escaped = fixes.map(({ command, effect }) => ({
    command: escapeControls(command),
    effect: escapeControls(effect),
  }));
  const fitting = escaped.map(({ command }) => command.length).filter((length) => length <= MAX_COMMAND_WIDTH);
  const width = Math.max(0, ...fitting);
  return escaped.map(({ command, effect }, index) => {
    const name = index === 0 ? 'fix' : index === 1 ? 'or' : '';
    return `${label(name, style)}${command.padEnd(width)}   ${style.dim(effect)}`.trimEnd();
  });
}

function label(text: string, style: Style): string {
  return `  ${style.dim(text.padEnd(6))}`;
}

function toDefect(error: unknown): LowportError {
  return new LowportError(`internal error: ${messageOf(error)}`, {
    code: 'INTERNAL',
    source: 'internal',
    why: ['this is a defect in lowport, not something you did'],
    fixes: [
      { command: 'npm bugs lowport', effect: 'report it, with what the same command prints under --log-level debug' },
    ],
    cause: error,
  });
}

function stackLines(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  const cause = error.cause === undefined ? [] : ['Caused by:', ...stackLines(error.cause)];
  return [...error.stack.split('\n').map(escapeControls), ...cause];
}
