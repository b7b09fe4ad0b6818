import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import { LowportError, messageOf } from '../base/errors.ts';
import { readSmallFile } from './files.ts';
import { type Issue, issuesOf } from './issues.ts';
import { EMPTY_LIST } from './mapping.ts';
import { fileSchema } from './schema.ts';
import type { FileSettings } from './settings.ts';
import { nestsTooDeep } from './yaml-depth.ts';

const MAX_FILE = 1024 * 1024;
const MAX_ALIASES = 100;
const MAX_REPORTED = 20;

interface Problem {
  readonly offset: number;
  readonly message: string;
}

/**
 * Reads lowport.yaml. Paths in it are relative to its directory.
 * @throws LowportError INVALID_CONFIG with every problem as `file:line:column: …`.
 */
export function readConfigFile(path: string): FileSettings {
  return resolvePaths(parseConfig(path, decode(path, readSmallFile(path, MAX_FILE, 'configuration file').bytes)), path);
}

/** As `readConfigFile`, from text; `path` is its name in errors. */
export function parseConfig(path: string, text: string): FileSettings {
  if (nestsTooDeep(text)) throw invalid(path, [`${path}: it is nested too deep for a configuration`]);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  });
  const fail = (problems: readonly Problem[]): LowportError => {
    const inOrder = [...problems].sort((a, b) => a.offset - b.offset);
    const texts = inOrder.map(({ offset, message }) => {
      const { line, col } = lines.linePos(offset);
      return `${path}:${line}:${col}: ${message}`;
    });
    return invalid(path, [...new Set(texts)]);
  };
  const syntax = [...document.errors, ...document.warnings].map(({ code, message, pos }) => ({
    offset: pos[0],
    message: code === 'NON_STRING_KEY' ? 'a key must be plain text' : message,
  }));
  if (syntax.length > 0) throw fail(syntax);
  const result = v.safeParse(fileSchema, toPlain(document, path));
  const empty = emptyLists(document);
  if (result.success && empty.length === 0) return result.output;
  const found = (result.issues ?? []).flatMap((issue) => issuesOf(issue));
  throw fail([...empty, ...found.map((issue) => ({ offset: locate(document, issue), message: issue.message }))]);
}

function decode(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid(path, [`${path}: it is not UTF-8 text`], cause);
  }
}

function toPlain(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (cause) {
    throw invalid(path, [`${path}: ${messageOf(cause)}`], cause);
  }
}

/** Valibot takes an empty list for an empty mapping, so it is looked for everywhere. */
function emptyLists(document: Document): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Seq(_key, node) {
      if (node.items.length > 0) return;
      problems.push({ offset: node.range?.[0] ?? 0, message: EMPTY_LIST });
    },
  });
  return problems;
}

/** The offset of what an issue is about, or of the nearest thing around it that is written in the file. */
function locate(document: Document, { path, atKey }: Issue): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const [depth, key] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    offset = offsetOf(node) ?? offset;
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (atKey && depth === path.length - 1) return offsetOf(pair?.key) ?? offset;
      node = pair?.value;
    } else if (isSeq(node)) node = node.items[Number(key)];
    else return offset;
  }
  return offsetOf(node) ?? offset;
}

function offsetOf(node: unknown): number | null {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? (node.range?.[0] ?? null) : null;
}

function resolvePaths(file: FileSettings, path: string): FileSettings {
  const { auth, upstreamCa } = file.settings;
  const directory = dirname(path);
  return {
    ...file,
    settings: {
      ...file.settings,
      ...(auth === undefined ? {} : { auth: { ...auth, passwordFile: resolve(directory, auth.passwordFile) } }),
      ...(upstreamCa === undefined ? {} : { upstreamCa: resolve(directory, upstreamCa) }),
    },
  };
}

function invalid(path: string, problems: readonly string[], cause?: unknown): LowportError {
  const [first] = problems;
  const rest = problems.length - MAX_REPORTED;
  const more = rest > 0 ? [`… and ${rest} more`] : [];
  return new LowportError(
    problems.length === 1 && first !== undefined ? first : `${path} has ${problems.length} errors`,
    {
      code: 'INVALID_CONFIG',
      source: 'config',
      why: problems.length === 1 ? [] : [...problems.slice(0, MAX_REPORTED), ...more],
      fixes: [{ command: `lowport --check --config ${path}`, effect: 'checks it again, without serving' }],
      cause,
    },
  );
}
