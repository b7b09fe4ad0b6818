import * as v from 'valibot';
import { suggestion } from './nearest.ts';
import { type Parsed, quote } from './parsed.ts';

/** The bricks of the schema: valibot gives shape, types and JSON Schema; our own parsers, which flags use too, the values. */

/** A mapping that refuses unknown keys, all of them in one message, each with the key it was probably meant to be. */
export function mapping<const E extends v.ObjectEntries>(entries: E) {
  return v.strictObject(entries, (issue) => {
    const input = issue.path?.[0]?.input;
    // Not a mapping at all: how that is worded is decided where all such are (issues.ts).
    if (typeof input !== 'object' || input === null) return issue.message;
    if (issue.expected !== 'never') return `${issue.expected} is missing`;
    const known = Object.keys(entries);
    const unknown = Object.keys(input).filter((key) => !known.includes(key));
    return unknown.map((key) => `unknown key ${quote(key)}${suggestion(key, known)}`).join('; ');
  });
}

export const EMPTY_LIST = 'an empty list says nothing: leave the key out';

export function listOf<const S extends v.GenericSchema>(item: S, notes: Notes) {
  return v.pipe(v.array(item), v.minLength(1, EMPTY_LIST), v.metadata({ ...notes }));
}

/** The step from what the file says to what is meant. */
export function parsedBy<I, O>(parse: (input: I) => Parsed<O>) {
  return v.rawTransform<I, O>(({ dataset, addIssue, NEVER }) => {
    const parsed = parse(dataset.value);
    if (!('fault' in parsed)) return parsed.value;
    const { fault, at } = parsed;
    if (at === undefined) addIssue({ message: fault });
    else
      addIssue({
        message: fault,
        path: [{ type: 'unknown', origin: 'value', input: dataset.value, key: at, value: null }],
      });
    return NEVER;
  });
}

/** What an editor shows; `default` and the rest become keywords of the JSON Schema. */
export interface Notes {
  readonly description: string;
  readonly default?: string | number | boolean | readonly (string | number)[];
  readonly examples?: readonly (string | number)[];
  readonly pattern?: string;
}

/** `otherwise` is said of what is not text. */
export function text<T>(parse: (text: string) => Parsed<T>, notes: Notes, otherwise?: string) {
  return v.pipe(
    v.string(otherwise),
    v.metadata({ ...notes }),
    parsedBy((input: string) => parse(input.trim())),
  );
}

/** For what people write with and without quotes: ports, times, sizes. */
export function textOrNumber<T>(parse: (text: string) => Parsed<T>, notes: Notes) {
  return v.pipe(
    v.union([v.string(), v.number()]),
    v.metadata({ ...notes }),
    parsedBy((input: string | number) => parse(String(input).trim())),
  );
}

export function word<const T extends string>(words: readonly T[], notes: Notes) {
  return v.pipe(
    v.picklist(words, ({ received }) => {
      const given = received.replaceAll('"', '');
      return `${quote(given)} is not one of ${words.join(', ')}${suggestion(given, words)}`;
    }),
    v.metadata({ ...notes }),
  );
}

export function flag(notes: Notes) {
  return v.pipe(v.boolean(), v.metadata({ ...notes }));
}
