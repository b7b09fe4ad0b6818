import type { Command as Parser } from 'commander';
import { formatListenAddress } from '../../base/address.ts';
import { ExitCode, LowportError } from '../../base/errors.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import type { OptionTexts } from '../../config/options.ts';
import { formatBanner, formatTraffic } from '../banner.ts';
import type { Command, Io } from '../command.ts';
import { addConfigOptions, configTexts } from '../config-options.ts';
import { errorToJson, printWarning } from '../output.ts';
import { styleFor } from '../style.ts';

const EXAMPLES = `
Examples:
  lowport 3000                        port 80 of every address, for what listens on 127.0.0.1:3000
  lowport 3000 --port 8080            no privilege needed
  lowport --host 192.168.2.7 --target http://example.com
  lowport 3000 3001 --user deploy     two targets that take turns; started by root, it serves as deploy
  lowport                             forward proxy for loopback and private clients: curl -x http://localhost:80 …
  lowport 3000 --forward --auth alice:/etc/lowport/password
  lowport --config lowport.yaml       routes by host and path, several listeners
  lowport --check --config lowport.yaml

Every option is also a variable, LOWPORT_PORT for --port, and most are keys of the file.
Flags come before variables, variables before the file, the file before defaults.
`;

/** `lowport [target...]`: be the proxy, until a signal ends it. */
export const serve: Command = {
  name: 'serve',
  define(parser) {
    parser
      .argument('[target...]', 'where requests go, as --target says it: 3000, host:3000, http://host …')
      .option('--config <file>', 'Read this lowport.yaml (no file is read that is not named)')
      .option('--check', 'Check the configuration and end, without serving')
      .option('--json', 'With --check: answer as JSON')
      .addHelpText('after', EXAMPLES);
    addConfigOptions(parser);
  },
  async run(parser, io) {
    const { check, json } = modeOf(parser);
    if (check) return checkConfig(parser, io, json);
    const { config, warnings } = await load(parser, io);
    for (const warning of warnings) printWarning(warning, io);
    const { serve: startServing } = await import('../../process/serve.ts');
    const isQuiet = config.logLevel !== 'debug' && config.logLevel !== 'info';
    return startServing(config, {
      onReady: (info) => {
        if (!isQuiet) io.stderr.write(formatBanner(info, config, styleFor(io.stderr, io.env)));
      },
    });
  },
};

function modeOf(parser: Parser): { check: boolean; json: boolean } {
  const check = parser.getOptionValue('check') === true;
  const json = parser.getOptionValue('json') === true;
  if (json && !check) throw usage('--json is for --check', 'lowport --check --json');
  return { check, json };
}

function load(parser: Parser, io: Io): Promise<LoadedConfig> {
  const file: unknown = parser.getOptionValue('config');
  if (file === '') throw usage('--config needs the name of a file', 'lowport --config lowport.yaml');
  return loadConfig({ flags: flagsOf(parser), env: io.env, file: typeof file === 'string' ? file : null });
}

/** The words on the command line are targets like those of `--target`; what is clearly none was meant as a command. */
function flagsOf(parser: Parser): OptionTexts {
  const texts = configTexts(parser);
  const targets = texts.get('target') ?? [];
  if (parser.args.length > 0) texts.set('target', [...targets, ...parser.args]);
  return texts;
}

async function checkConfig(parser: Parser, io: Io, json: boolean): Promise<number> {
  if (!json) {
    const { config, file, warnings } = await load(parser, io);
    for (const warning of warnings) printWarning(warning, io);
    const style = styleFor(io.stdout, io.env);
    const listeners = config.listen.map(({ address }) => formatListenAddress(address));
    const lines = [
      `${style.good('✓')} ${file ?? 'the configuration'} is valid`,
      ...formatTraffic(listeners, config, style),
    ];
    io.stdout.write(`${lines.join('\n')}\n`);
    return ExitCode.done;
  }
  try {
    const { config, file, warnings } = await load(parser, io);
    io.stdout.write(`${JSON.stringify({ valid: true, file, warnings, config }, hideSecrets, 2)}\n`);
    return ExitCode.done;
  } catch (error) {
    if (!(error instanceof LowportError)) throw error;
    io.stdout.write(`${JSON.stringify({ valid: false, error: errorToJson(error) }, null, 2)}\n`);
    return error.exitCode;
  }
}

/** A hash of a weak password is as good as the password. */
function hideSecrets(key: string, value: unknown): unknown {
  return key === 'passwordSha256' ? '(hidden)' : value;
}

function usage(message: string, command: string): LowportError {
  return new LowportError(message, {
    code: 'USAGE',
    source: 'usage',
    fixes: [{ command, effect: 'as it is meant' }],
  });
}
