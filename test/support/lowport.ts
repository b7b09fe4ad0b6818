import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cleanEnvironment, HERE, type Place } from './commands.ts';
import { collect } from './namespace.ts';
import { until } from './processes.ts';

export const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/cli/main.js');

/** `lowport ARGS`, as the argv of the built program. */
export function lowportCommand(args: readonly string[]): readonly string[] {
  return [process.execPath, MAIN, ...args];
}

export interface LowportOptions {
  readonly place?: Place;
  readonly env?: NodeJS.ProcessEnv;
  /** Put before `node`: becomes it in the end. */
  readonly wrapper?: readonly string[];
}

/** The built program as people start it, from its banner to its exit code. */
export class Lowport {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly ended: Promise<number | null>;
  #over = false;

  private constructor(args: readonly string[], { place = HERE, env = {}, wrapper = [] }: LowportOptions) {
    this.child = place.spawn([...wrapper, ...lowportCommand(args)], cleanEnvironment(env));
    this.output = collect(this.child.stdout);
    this.errors = collect(this.child.stderr);
    this.ended = once(this.child, 'close').then(([code]) => {
      this.#over = true;
      return typeof code === 'number' ? code : null;
    });
  }

  /** Resolves when it serves; fails with what it said where it does not. Port 0 is one that the kernel chooses. */
  static async start(args: readonly string[], options: LowportOptions = {}): Promise<Lowport> {
    const lowport = new Lowport(args, options);
    await until(() => lowport.#over || lowport.errors().includes('\n  running  '));
    if (lowport.#over) throw new Error(`lowport ended: ${lowport.errors()}`);
    return lowport;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** From the first listener of the banner, where port 80 is not written. */
  get port(): number {
    return Number(/\n {2}http:\/\/\S*?:(\d+)\s/.exec(this.errors())?.[1] ?? 80);
  }

  /** `http://127.0.0.1:PORT`. */
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends it as systemd does, and answers its exit code. */
  stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}
