/** Where a failure began: it decides who can mend it. */
export type ErrorSource = 'usage' | 'config' | 'system' | 'downstream' | 'upstream' | 'internal';

/** The closed list of what can go wrong; each has one exit code. */
export type ErrorCode =
  | 'USAGE'
  | 'INVALID_CONFIG'
  | 'NOT_PERMITTED'
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_AVAILABLE'
  | 'INHERITED_SOCKET'
  | 'UNKNOWN_USER'
  | 'SYSTEM'
  | 'INTERNAL';

/** Exit codes of every command. 128 + signal number is added by the shell, except for the one below. */
export const ExitCode = {
  done: 0,
  failed: 1,
  usage: 2,
  notPermitted: 3,
  addressInUse: 4,
  notVerified: 5,
  interrupted: 130,
} as const;

const EXIT_CODE_OF: Record<ErrorCode, number> = {
  USAGE: ExitCode.usage,
  INVALID_CONFIG: ExitCode.usage,
  NOT_PERMITTED: ExitCode.notPermitted,
  ADDRESS_IN_USE: ExitCode.addressInUse,
  ADDRESS_NOT_AVAILABLE: ExitCode.failed,
  INHERITED_SOCKET: ExitCode.failed,
  UNKNOWN_USER: ExitCode.usage,
  SYSTEM: ExitCode.failed,
  INTERNAL: ExitCode.failed,
};

/** One way out of a failure: a command or a setting, and what it does. */
export interface Fix {
  readonly command: string;
  readonly effect: string;
}

export interface LowportErrorDetails {
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  /** Why it happened, one line each, the cause first. */
  readonly why?: readonly string[];
  /** What to do, the cheapest first. */
  readonly fixes?: readonly Fix[];
  readonly cause?: unknown;
}

/** The only error class lowport throws on purpose. Its message names what failed; `why` and `fixes` explain it. */
export class LowportError extends Error {
  override readonly name = 'LowportError';
  readonly code: ErrorCode;
  readonly source: ErrorSource;
  readonly why: readonly string[];
  readonly fixes: readonly Fix[];

  constructor(message: string, details: LowportErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.source = details.source;
    this.why = details.why ?? [];
    this.fixes = details.fixes ?? [];
  }

  get exitCode(): number {
    return EXIT_CODE_OF[this.code];
  }
}

/** The errno name (`EACCES` …) of an error from Node's system calls, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
