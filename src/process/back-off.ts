/** Milliseconds. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5_000;
/** A process that lived this long was not failing at its start. */
const HEALTHY_AFTER = 10_000;

/** How long to wait before a process that died is started again: 100 ms, doubled each time, at most 5 s. */
export class BackOff {
  #delay = FIRST_DELAY;

  /** `lived`: milliseconds from the start of the process that died to its death. */
  next(lived: number): number {
    if (lived >= HEALTHY_AFTER) this.#delay = FIRST_DELAY;
    const delay = this.#delay;
    this.#delay = Math.min(delay * 2, LONGEST_DELAY);
    return delay;
  }
}
