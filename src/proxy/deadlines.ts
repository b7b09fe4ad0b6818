/** Something that may take only so long. `deadline` is in milliseconds of `performance.now()`; 0 means none. */
export interface Timed {
  deadline: number;
  onDeadline(): void;
}

const TICK_MS = 100;

/**
 * One timer for all connections: each keeps its deadline as a number, and a tick looks at all of them. Setting a
 * deadline then costs an assignment on the hot path; being late by a tick does no harm to limits of seconds.
 */
export class Deadlines {
  readonly #members = new Set<Timed>();
  #timer: NodeJS.Timeout | null = null;

  add(member: Timed): void {
    this.#members.add(member);
    if (this.#timer === null) this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  delete(member: Timed): void {
    this.#members.delete(member);
    if (this.#members.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #tick(): void {
    const now = performance.now();
    for (const member of this.#members) {
      if (member.deadline === 0 || member.deadline > now) continue;
      member.deadline = 0;
      member.onDeadline();
    }
  }
}

/** The deadline `timeout` milliseconds from now; none where the time-out is 0. */
export function deadlineIn(timeout: number): number {
  return timeout === 0 ? 0 : performance.now() + timeout;
}
