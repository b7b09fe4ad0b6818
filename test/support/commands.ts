import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collect } from './namespace.ts';

/** Where programs run: on this machine as it is, or in a namespace. */
export interface Place {
  spawn(argv: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
}

export interface Finished {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Names that would change what a test shows: proxies of the surroundings, settings of lowport's own. */
const MEANT_FOR_OTHERS = /^(?:https?_proxy|all_proxy|no_proxy|lowport_.*|sudo_.*|listen_.*)$/i;

/** This process's environment without what would lead a client past the proxy under test. */
export function cleanEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !MEANT_FOR_OTHERS.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

export const HERE: Place = {
  spawn([program = '', ...args], env = cleanEnvironment()) {
    return spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  },
};

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly input?: Buffer | string;
}

/** Runs a program here to its end. A program that is not there fails the test. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program = '', ...args] = argv;
  const { env = cleanEnvironment(), cwd, input = '' } = options;
  const child = spawn(program, args, { stdio: 'pipe', env, ...(cwd === undefined ? {} : { cwd }) });
  // A program that reads nothing closes its end; what it says counts.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return finished(child);
}

/** What a started program says, and its exit status, when it has ended. */
export async function finished(child: ChildProcess): Promise<Finished> {
  const output = collect(child.stdout);
  const errors = collect(child.stderr);
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, output: output(), errors: errors() };
}

/** The output of a program that must succeed. */
export async function succeed(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, output, errors } = await run(argv, options);
  if (code !== 0) throw new Error(`${argv.join(' ')}: exit ${code}\n${output}${errors}`);
  return output;
}

/** A directory of the test's own, gone with `remove`. Whom lowport serves as may look into it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'lowport-e2e-'));
  chmodSync(path, 0o755);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
