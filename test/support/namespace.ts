import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A network of its own, with low ports and sysctls that are nobody else's. Needs root. */
export class NetworkNamespace {
  readonly #holder: ChildProcess;
  readonly #started = new Set<ChildProcess>();

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async open(): Promise<NetworkNamespace> {
    // Every step replaces the one before, so that the pid is the holder's; it ends with this process, however that ends.
    const script = 'ip link set lo up && echo up && exec sleep infinity';
    const argv = ['--pdeathsig', 'KILL', 'unshare', '--net', 'sh', '-c', script];
    const holder = spawn('setpriv', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (holder.stdout !== null) await once(holder.stdout, 'data');
    return new NetworkNamespace(holder);
  }

  /** Runs a program inside; its pid is the child's, for nothing forks in between. stdout is a pipe. */
  spawn(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const enter = [`--net=/proc/${this.#holder.pid}/ns/net`, '--', ...argv];
    const child = spawn('nsenter', enter, { stdio: ['ignore', 'pipe', 'pipe'], env });
    this.#started.add(child);
    child.once('exit', () => this.#started.delete(child));
    return child;
  }

  /** Runs a program to its end; resolves with its exit status and what it wrote to stdout and stderr. */
  async run(argv: readonly string[]): Promise<{ code: number | null; output: string; errors: string }> {
    const child = this.spawn(argv);
    const output = collect(child.stdout);
    const errors = collect(child.stderr);
    const [code] = await once(child, 'close');
    return { code: typeof code === 'number' ? code : null, output: output(), errors: errors() };
  }

  /** Lays a cable to another namespace. Each end gets an address, written with its prefix length. */
  async connect(address: string, other: NetworkNamespace, otherAddress: string): Promise<void> {
    const [here, there] = [`to-${other.#holder.pid}`, `to-${this.#holder.pid}`];
    const peer = ['peer', 'name', there, 'netns', String(other.#holder.pid)];
    await this.#ip('link', 'add', here, 'type', 'veth', ...peer);
    await this.#address(here, address);
    await other.#address(there, otherAddress);
  }

  async #address(link: string, address: string): Promise<void> {
    await this.#ip('address', 'add', address, 'dev', link);
    await this.#ip('link', 'set', link, 'up');
  }

  async #ip(...args: readonly string[]): Promise<void> {
    const { code, errors } = await this.run(['ip', ...args]);
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${errors}`);
  }

  /** Kills what was started here and is still running, and lets the namespace go. */
  close(): void {
    for (const child of this.#started) child.kill('SIGKILL');
    this.#holder.kill('SIGKILL');
  }
}

/** Gathers a stream's text; call the result to see what has come so far. */
export function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return () => text;
}
