import { Lexer } from 'yaml';

/** Our deepest setting is six levels down. */
const MAX_FLOW_DEPTH = 32;
const MAX_MARKS_PER_LINE = 32;
const MAX_INDENTATION = 200;

/**
 * Whether the text nests deeper than any configuration. The yaml parser recurses: a file of nothing but `[` overflows
 * its stack, and Node has been seen to die of it without an exception. The lexer does not recurse, so it can look first.
 */
export function nestsTooDeep(text: string): boolean {
  let flow = 0;
  let marks = 0;
  let isScalar = false;
  let isLineStart = true;
  for (const token of new Lexer().lex(text)) {
    if (isScalar) isScalar = false;
    else if (token === '\x1f') isScalar = true;
    else if (token === '[' || token === '{') flow++;
    else if (token === ']' || token === '}') flow--;
    else if (token === '-' || token === '?' || token === ':') marks++;
    else if (isLineStart && token.length > MAX_INDENTATION && /^ +$/.test(token)) return true;
    isLineStart = /[\r\n]$/.test(token);
    if (isLineStart) marks = 0;
    if (flow > MAX_FLOW_DEPTH || marks > MAX_MARKS_PER_LINE) return true;
  }
  return false;
}
