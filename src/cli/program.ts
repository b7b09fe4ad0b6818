import { CommanderError, Command as Parser } from 'commander';
import { ExitCode, type Fix, LowportError } from '../base/errors.ts';
import { readVersion } from '../base/version.ts';
import { nearest } from '../config/nearest.ts';
import type { Io } from './command.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { printError } from './output.ts';

/** Runs one command line (without node and script) and answers the exit code. Errors are printed, not thrown. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  let exitCode: number = ExitCode.done;
  try {
    const program = createProgram(io, (code) => {
      exitCode = code;
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help and version end in an exception too.
    if (error instanceof CommanderError && error.exitCode === 0) return ExitCode.done;
    const known = error instanceof CommanderError ? toUsageError(error) : error;
    printError(known, io, isDebug(argv, io.env));
    return known instanceof LowportError ? known.exitCode : ExitCode.failed;
  }
}

function createProgram(io: Io, end: (exitCode: number) => void): Parser {
  const program = prepare(new Parser('lowport'), io)
    .usage('[options] [target...]')
    .description('Serve port 80 and 443 without root.')
    .version(readVersion(), '-V, --version', 'Print the version')
    .helpCommand(false)
    .enablePositionalOptions();
  DEFAULT_COMMAND.define(program);
  program.action(async () => {
    refuseWord(program.args[0]);
    end(await DEFAULT_COMMAND.run(program, io));
  });
  for (const command of [DEFAULT_COMMAND, ...COMMANDS]) {
    const parser = prepare(program.command(command.name, { hidden: command === DEFAULT_COMMAND }), io);
    command.define(parser);
    parser.action(async () => {
      refuseEarlyOptions(program, command.name);
      end(await command.run(parser, io));
    });
  }
  return program;
}

function prepare(parser: Parser, io: Io): Parser {
  return parser
    .optionsGroup('General:')
    .helpOption('-h, --help', 'Print this help')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // Printed by printError, in the one form that all errors have.
      writeErr: () => undefined,
    })
    .exitOverride();
}

/** `lowport dotcor` is no target: it was meant as a command, or as a host that lacks its port. */
function refuseWord(word: string | undefined): void {
  if (word === undefined || !/^[a-z][a-z-]*$/i.test(word)) return;
  const near = nearest(
    word,
    [DEFAULT_COMMAND, ...COMMANDS].map(({ name }) => name),
  );
  throw usage(
    `"${word}" is neither a command nor a target`,
    [
      ...(near === null ? [] : [{ command: `lowport ${near}`, effect: 'the nearest command' }]),
      { command: `lowport ${word}:3000`, effect: 'if it is a host: with its port' },
      { command: 'lowport --help', effect: 'shows what there is' },
    ],
    ['a target is 3000, host:3000, http://host, https://host or unix:/path'],
  );
}

/** An option in front of a command would be the default command's, and would be lost without a word. */
function refuseEarlyOptions(program: Parser, name: string): void {
  const early = program.options.find((option) => program.getOptionValueSource(option.attributeName()) === 'cli');
  if (early === undefined) return;
  throw usage(`${early.long} stands before the command`, [
    { command: `lowport ${name} ${early.long} …`, effect: 'options follow the command they are for' },
  ]);
}

function toUsageError(error: CommanderError): LowportError {
  const message = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?');
  return usage(message, [{ command: 'lowport --help', effect: 'shows every option, with examples' }]);
}

function usage(message: string, fixes: readonly Fix[], why: readonly string[] = []): LowportError {
  return new LowportError(message, { code: 'USAGE', source: 'usage', why, fixes });
}

/** Looked up without parsing, because an error in parsing may be what is to be shown. */
function isDebug(argv: readonly string[], env: Io['env']): boolean {
  const flag = argv.lastIndexOf('--log-level');
  const level = flag >= 0 ? argv[flag + 1] : argv.findLast((word) => word.startsWith('--log-level='))?.slice(12);
  return (level ?? env.LOWPORT_LOG_LEVEL) === 'debug';
}
