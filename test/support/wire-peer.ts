import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a test waits for bytes that should come at once. */
const PATIENCE_MS = 5_000;

/** How a connection ended: `end` in order (FIN), `reset` by a reset. */
export type Ending = 'end' | 'reset';

/** A raw socket: sends exact bytes, and reads exact bytes as latin1 text. */
export class WirePeer {
  readonly socket: Socket;
  /** What was received and not yet read; joined only when somebody looks into it. */
  #chunks: Buffer[] = [];
  #available = 0;
  #ending: Ending | null = null;
  #keeps = true;
  #wake: () => void = () => {};
  /** Bytes received so far. */
  received = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.received += chunk.length;
      if (this.#keeps) {
        this.#chunks.push(chunk);
        this.#available += chunk.length;
      }
      this.#wake();
    });
    socket.on('end', () => this.#end('end'));
    socket.on('error', () => this.#end('reset'));
    socket.on('close', () => this.#end('end'));
  }

  send(text: string | Buffer): void {
    this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
  }

  /** From now on only counts what it receives. */
  discard(): void {
    this.#keeps = false;
    this.#remove(this.#available);
  }

  /** Half-close: nothing more will be sent. */
  end(): void {
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Bytes up to and with `marker`. */
  readUntil(marker: string): Promise<string> {
    return this.#take(`text up to ${JSON.stringify(marker)}`, () => {
      const index = this.#bytes().indexOf(marker, 0, 'latin1');
      return index < 0 ? -1 : index + marker.length;
    });
  }

  /** A head with its empty line. */
  readHead(): Promise<string> {
    return this.readUntil('\r\n\r\n');
  }

  read(length: number): Promise<string> {
    return this.#take(`${length} bytes`, () => (this.#available < length ? -1 : length));
  }

  /** A head and the body that its Content-Length or chunked coding delimits, as sent. */
  async readMessage(): Promise<{ head: string; body: string }> {
    const head = await this.readHead();
    const length = /^content-length: *(\d+)\r$/im.exec(head)?.[1];
    if (length !== undefined) return { head, body: await this.read(Number(length)) };
    return { head, body: /^transfer-encoding: *chunked\r$/im.test(head) ? await this.#readChunked() : '' };
  }

  /** All that comes until the other side ends. */
  async readToEnd(): Promise<{ text: string; ending: Ending }> {
    await this.#waitFor('the end', () => this.#ending !== null);
    return { text: this.#remove(this.#available), ending: this.#ending ?? 'end' };
  }

  /** What comes within `milliseconds`, not taken away. */
  async peek(milliseconds: number): Promise<string> {
    await delay(milliseconds);
    return this.#bytes().toString('latin1');
  }

  get ending(): Ending | null {
    return this.#ending;
  }

  async #readChunked(): Promise<string> {
    let text = '';
    for (;;) {
      const line = await this.readUntil('\r\n');
      const size = Number.parseInt(line, 16);
      text += line + (await (size === 0 ? this.#readTrailer() : this.read(size + 2)));
      if (size === 0) return text;
    }
  }

  async #readTrailer(): Promise<string> {
    let text = '';
    while (!text.endsWith('\r\n\r\n') && text !== '\r\n') text += await this.readUntil('\r\n');
    return text;
  }

  async #take(what: string, measure: () => number): Promise<string> {
    let length = -1;
    await this.#waitFor(what, () => {
      length = measure();
      return length >= 0;
    });
    return this.#remove(length);
  }

  async #waitFor(what: string, isThere: () => boolean): Promise<void> {
    const giveUp = AbortSignal.timeout(PATIENCE_MS);
    while (!isThere()) {
      if (this.#ending !== null) throw this.#failure(`the connection ended (${this.#ending}) before ${what}`);
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        giveUp.onabort = () => reject(this.#failure(`no ${what} came`));
      });
    }
    giveUp.onabort = null;
  }

  #bytes(): Buffer {
    const [only, ...more] = this.#chunks;
    if (only !== undefined && more.length === 0) return only;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #remove(length: number): string {
    const bytes = this.#bytes();
    this.#chunks = [bytes.subarray(length)];
    this.#available -= length;
    return bytes.toString('latin1', 0, length);
  }

  #failure(what: string): Error {
    return new Error(`${what}; there is ${JSON.stringify(this.#bytes().toString('latin1', 0, 2_000))}`);
  }

  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#wake();
  }
}
