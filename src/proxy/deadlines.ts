/** Something that may take only so long. `deadline` is a time of `Deadlines`, in milliseconds; 0 means none. */
export interface Timed {
  deadline: number;
  onDeadline(): void;
}

const TICK_MS = 100;

/**
 * One timer for all connections: each keeps its deadline as a number, and a tick looks at all of them. The clock moves
 * with the ticks too, so setting a deadline costs an addition. A deadline is never early, and late by two ticks at most:
 * that does no harm to limits of seconds.
 */
export class Deadlines {
  readonly #members = new Set<Timed>();
  #now = performance.now();
  #timer: NodeJS.Timeout | null = null;

  /** The deadline `timeout` milliseconds from now; none where the time-out is 0. */
  in(timeout: number): number {
    return timeout === 0 ? 0 : this.#now + TICK_MS + timeout;
  }

  /** Starts watching. The clock stands still while nothing is watched: add first, then ask for a deadline. */
  add(member: Timed): void {
    this.#members.add(member);
    if (this.#timer !== null) return;
    this.#now = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  delete(member: Timed): void {
    this.#members.delete(member);
    if (this.#members.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #tick(): void {
    this.#now = performance.now();
    for (const member of this.#members) {
      if (member.deadline === 0 || member.deadline > this.#now) continue;
      member.deadline = 0;
      member.onDeadline();
    }
  }
}
