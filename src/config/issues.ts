import type * as v from 'valibot';

/** One thing that is wrong with the file, and where: keys and indices from its root. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** The key itself is at fault, not its value. */
  readonly atKey: boolean;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  Array: 'a list',
  Object: 'a mapping',
  null: 'nothing',
};

/** What valibot found, in plain words, with the parts of a union that nobody meant left out. */
export function issuesOf(found: v.BaseIssue<unknown>, parents: Issue['path'] = []): readonly Issue[] {
  const last = found.path?.at(-1);
  const path = [...parents, ...(found.path ?? []).map((item) => toKey(item.key))];
  if (found.type === 'union' && found.issues !== undefined) return meant(found, found.issues, path);
  if (found.type === 'strict_object' && last?.origin === 'key' && Array.isArray(last.input)) {
    // Taken for a mapping, a list has the unknown key "0": what is wrong is the list.
    return [{ path: path.slice(0, -1), message: 'expected a mapping, not a list', atKey: false }];
  }
  const atKey = last?.origin === 'key' && found.expected === 'never';
  // Valibot's own wording begins so; ours never does.
  return [{ path, message: found.message.startsWith('Invalid ') ? mismatch(found) : found.message, atKey }];
}

/**
 * Every branch of a union has failed. One that failed deeper down, or only in our own parsers, had the right type and
 * so was meant; if there is none, the type itself is wrong.
 */
function meant(
  union: v.BaseIssue<unknown>,
  branches: readonly v.BaseIssue<unknown>[],
  path: Issue['path'],
): readonly Issue[] {
  const deeper = branches
    .flatMap((branch) => issuesOf(branch, path))
    .filter((issue) => issue.path.length > path.length);
  if (deeper.length > 0) return deeper;
  const parsed = branches.filter((branch) => branch.kind !== 'schema');
  if (parsed.length > 0) return parsed.flatMap((branch) => issuesOf(branch, path));
  return [{ path, message: mismatch(union), atKey: false }];
}

function mismatch(issue: v.BaseIssue<unknown>): string {
  const expected = new Set((issue.expected ?? '').split(/[^A-Za-z]+/).map((type) => TYPE_NAMES[type]));
  const names = [...expected].filter((name) => name !== undefined);
  const last = names.pop() ?? 'something else';
  const wanted = names.length === 0 ? last : `${names.join(', ')} or ${last}`;
  return `expected ${wanted}, not ${nameOf(issue.input)}`;
}

function nameOf(input: unknown): string {
  if (input === null) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object') return 'a mapping';
  if (typeof input === 'string') return 'text';
  return String(input);
}

function toKey(key: unknown): string | number {
  return typeof key === 'number' ? key : String(key);
}
