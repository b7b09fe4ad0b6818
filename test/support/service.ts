import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListenAddress } from '../../src/base/address.ts';
import type { Config, Listener } from '../../src/config/config.ts';
import type { ServingInfo } from '../../src/process/serving-info.ts';
import { DEFAULT_LIMITS } from '../../src/proxy/options.ts';
import { collect, type NetworkNamespace } from './namespace.ts';

const ROOT = join(import.meta.dirname, '../..');
const SERVE = join(ROOT, 'test/fixtures/serve.mjs');

/** A user without any right. */
export const NOBODY = 65_534;
/** Becomes that user, in the same process. */
export const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

export function tcp(port: number, name: string | null = null, host: string | null = null): Listener {
  return { address: { kind: 'tcp', host, port }, name };
}

export function unix(path: string, mode: number | null = null): Listener {
  const address: ListenAddress = { kind: 'unix', path, mode };
  return { address, name: null };
}

/** A reverse proxy on port 80 to the origin on port 3000. */
function configOf(overrides: Partial<Config> = {}): Config {
  return {
    listen: [tcp(80)],
    user: null,
    workers: 2,
    drainTimeout: 5_000,
    logLevel: 'warn',
    accessLog: 'off',
    proxy: {
      routes: [
        {
          host: null,
          path: null,
          targets: [{ protocol: 'http', host: '127.0.0.1', port: 3000, socketPath: null }],
          rewriteHost: false,
        },
      ],
      forward: null,
      trustProxy: [],
      forwarded: false,
      upstreamCa: null,
      limits: DEFAULT_LIMITS,
    },
    ...overrides,
  };
}

export interface StartOptions {
  readonly config?: Partial<Config>;
  /** Put before `node`: becomes it in the end. */
  readonly wrapper?: readonly string[];
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What the fixture prints when it cannot serve. */
export interface Failure {
  readonly message: string;
  readonly code: string;
  readonly why: readonly string[];
}

/** One run of `serve()` in a namespace. */
export class Service {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly errors: () => string;
  readonly #ended: Promise<number | null>;

  constructor(namespace: NetworkNamespace, options: StartOptions = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'lowport-test-'));
    chmodSync(directory, 0o755);
    const file = join(directory, 'config.json');
    writeFileSync(file, JSON.stringify(configOf(options.config)));
    const command = [options.node ?? process.execPath, SERVE, join(ROOT, 'dist'), file];
    this.child = namespace.spawn([...(options.wrapper ?? []), ...command], {
      ...withoutSudo(process.env),
      ...options.env,
    });
    this.output = collect(this.child.stdout);
    this.errors = collect(this.child.stderr);
    this.#ended = once(this.child, 'close').then(([code]) => {
      rmSync(directory, { recursive: true });
      return typeof code === 'number' ? code : null;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it reports when it serves; fails if it ends before. */
  ready(): Promise<ServingInfo> {
    return this.#line('ready');
  }

  failure(): Promise<Failure> {
    return this.#line('error');
  }

  /** The exit code. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async #line<T>(kind: string): Promise<T> {
    let over = false;
    void this.#ended.then(() => {
      over = true;
    });
    for (;;) {
      for (const line of this.output().split('\n').slice(0, -1)) {
        const parsed = line.startsWith(`{"${kind}":`) ? JSON.parse(line) : {};
        if (kind in parsed) return parsed[kind];
      }
      if (over) throw new Error(`ended without '${kind}': ${this.output()}${this.errors()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

function withoutSudo(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('SUDO_') && !name.startsWith('LISTEN_')),
  );
}
