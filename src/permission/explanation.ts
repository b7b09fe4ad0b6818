import type { ErrorCode, Fix } from '../base/errors.ts';

/** Why an address was refused and what to do, before it becomes an error. */
export interface Explanation {
  readonly code: ErrorCode;
  /** What failed, after the address. */
  readonly what: string;
  readonly why: readonly string[];
  readonly fixes: readonly Fix[];
}
