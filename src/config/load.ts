import { LowportError } from '../base/errors.ts';
import { buildConfig, warningsOf } from './build.ts';
import type { Config } from './config.ts';
import { readEnvironment } from './env.ts';
import { flagOf, type OptionTexts, readOptions, variableOf } from './options.ts';
import type { FileSettings } from './settings.ts';

export interface ConfigSources {
  readonly flags: OptionTexts;
  readonly env: NodeJS.ProcessEnv;
  /** What `--config` names; null leaves it to LOWPORT_CONFIG. No file is read that nobody named. */
  readonly file: string | null;
}

export interface LoadedConfig {
  /** Deeply frozen. */
  readonly config: Config;
  /** The file that was read, or null. */
  readonly file: string | null;
  /** What is allowed but probably not meant, a line each. */
  readonly warnings: readonly string[];
}

/**
 * Everything lowport serves by: flags, then `LOWPORT_*`, then the file, then defaults.
 * @throws LowportError USAGE for flags and variables, INVALID_CONFIG for files; each names every problem it found.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const environment = readEnvironment(sources.env);
  const problems: string[] = [];
  const fromEnv = readOptions(environment.texts, variableOf, problems);
  const fromFlags = readOptions(sources.flags, flagOf, problems);
  refuse(problems);
  const path = sources.file ?? environment.file;
  const file = path === null ? null : await readFile(path);
  const nameOf = (key: Parameters<typeof flagOf>[0]): string =>
    Object.hasOwn(fromFlags, key) ? flagOf(key) : variableOf(key);
  const config = buildConfig({ explicit: { ...fromEnv, ...fromFlags }, file, nameOf }, problems);
  refuse(problems);
  return { config: freeze(config), file: path, warnings: [...environment.warnings, ...warningsOf(config)] };
}

/** The YAML parser and the schema cost 100 ms to load: only who names a file pays for them. */
async function readFile(path: string): Promise<FileSettings> {
  const { readConfigFile } = await import('./yaml-file.ts');
  return readConfigFile(path);
}

function refuse(problems: readonly string[]): void {
  const [first] = problems;
  if (first === undefined) return;
  throw new LowportError(problems.length === 1 ? first : `${problems.length} options are wrong`, {
    code: 'USAGE',
    source: 'usage',
    why: problems.length === 1 ? [] : problems,
    fixes: [{ command: 'lowport --help', effect: 'shows every option, with examples' }],
  });
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freeze(inner);
  return Object.freeze(value);
}
