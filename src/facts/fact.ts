/** Something about this machine: known, or not known and why. Never guessed. */
export type Fact<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly reason: string };

export function known<T>(value: T): Fact<T> {
  return { known: true, value };
}

export function unknown(reason: string): Fact<never> {
  return { known: false, reason };
}
