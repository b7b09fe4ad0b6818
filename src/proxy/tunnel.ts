import type { Socket } from 'node:net';
import type { Deadlines, Timed } from './deadlines.ts';
import { HIGH_WATER_BYTES } from './message-writer.ts';

/**
 * Two sockets joined byte for byte, after CONNECT or an Upgrade. Each direction ends on its own (half-close), and
 * a side that reads slowly pauses the other. The owners of the sockets pass their events in.
 */
export class Tunnel implements Timed {
  deadline = 0;
  readonly #downstream: Socket;
  readonly #upstream: Socket;
  readonly #deadlines: Deadlines;
  readonly #timeout: number;
  readonly #onClose: () => void;
  #closed = false;

  constructor(downstream: Socket, upstream: Socket, deadlines: Deadlines, timeout: number, onClose: () => void) {
    this.#downstream = downstream;
    this.#upstream = upstream;
    this.#deadlines = deadlines;
    this.#timeout = timeout;
    this.#onClose = onClose;
    deadlines.add(this);
    this.deadline = deadlines.in(timeout);
  }

  data(from: Socket, chunk: Buffer): void {
    const to = this.#other(from);
    if (to.destroyed || to.writableEnded) return;
    this.deadline = this.#deadlines.in(this.#timeout);
    to.write(chunk);
    if (to.writableLength >= HIGH_WATER_BYTES) from.pause();
  }

  drain(of: Socket): void {
    this.#other(of).resume();
  }

  end(from: Socket): void {
    this.#other(from).end();
  }

  /** One socket is gone. After an orderly end of both directions that is normal; otherwise the other side must see it. */
  close(from: Socket): void {
    if (this.#closed) {
      this.#deadlines.delete(this);
      return;
    }
    // The deadline stays: the other side may never take what is still to be written to it.
    this.#closed = true;
    const other = this.#other(from);
    if (from.errored !== null || !from.readableEnded) other.destroy();
    else other.end();
    this.#onClose();
  }

  onDeadline(): void {
    this.#downstream.destroy();
    this.#upstream.destroy();
  }

  #other(socket: Socket): Socket {
    return socket === this.#downstream ? this.#upstream : this.#downstream;
  }
}
