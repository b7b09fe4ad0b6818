import type { ListenAddress } from '../base/address.ts';
import { errnoOf, LowportError } from '../base/errors.ts';
import { gatherTcpFacts, gatherUnixFacts } from '../facts/bind-facts.ts';
import { typedCommand } from '../facts/command-line.ts';
import { realSystem } from '../system/system.ts';
import { explainTcpBind } from './explain-tcp.ts';
import { explainUnixBind } from './explain-unix.ts';

/** What an explanation may be told; the defaults come from this process. */
export interface BindFailureOptions {
  /** What the user typed, in words; it is repeated in the ways out. */
  readonly command?: readonly string[];
  /** Whom the user chose to serve as (`--user`); null: the default of `sudo lowport`. */
  readonly user?: string | null;
}

/**
 * Explains the error of a bind of this process: the cause, who holds the port, and what to do on this machine. Looks
 * at /proc and asks systemd where it may hold the port: some milliseconds, a second at most where systemd is stuck.
 */
export function explainBindFailure(
  error: unknown,
  address: ListenAddress,
  options: BindFailureOptions = {},
): LowportError {
  if (error instanceof LowportError) return error;
  const command = options.command ?? typedCommand(process.argv, realSystem.env, process.cwd());
  const context = { command, user: options.user ?? null, cause: error };
  const errno = errnoOf(error) ?? 'unknown error';
  const program = command[0] ?? 'lowport';
  return address.kind === 'unix'
    ? explainUnixBind(gatherUnixFacts(realSystem, address, program), address, errno, context)
    : explainTcpBind(gatherTcpFacts(realSystem, address, program), address, errno, context);
}
