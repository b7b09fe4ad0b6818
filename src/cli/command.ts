import type { Command as Parser } from 'commander';

/** What a command may touch of the process it runs in. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Output;
  readonly stderr: Output;
}

export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One command of the table in commands.ts. A new one is one file and one line there. */
export interface Command {
  readonly name: string;
  /** Adds summary, arguments, options and help to the parser, which is the program's own for the default command. */
  define(parser: Parser): void;
  /**
   * Runs with what was parsed; answers the exit code (ExitCode).
   * @throws LowportError, which the caller prints and turns into its exit code.
   */
  run(parser: Parser, io: Io): Promise<number>;
}
