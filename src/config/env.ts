import { nearest } from './nearest.ts';
import { OPTION_KEYS, type OptionTexts, variableOf } from './options.ts';
import type { Settings } from './settings.ts';

const CONFIG_VARIABLE = 'LOWPORT_CONFIG';

export interface EnvironmentOptions {
  readonly texts: OptionTexts;
  /** The file that LOWPORT_CONFIG names, or null. */
  readonly file: string | null;
  readonly warnings: readonly string[];
}

/**
 * The options in the environment: `LOWPORT_` and the flag's name, lists with commas; an empty variable is as none.
 * A variable that looks like a mistyped one of ours earns a warning. Others are left alone without a word, because
 * Kubernetes makes them up for a Service called lowport (`LOWPORT_SERVICE_HOST`, `LOWPORT_PORT_80_TCP_ADDR` …) and so
 * may others. Its `LOWPORT_PORT=tcp://10.96.0.1:80` is not a port for us either, and is passed over.
 */
export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentOptions {
  const texts = new Map<keyof Settings, readonly string[]>();
  for (const key of OPTION_KEYS) {
    const text = env[variableOf(key)]?.trim() ?? '';
    if (text !== '' && !(key === 'port' && isServiceLink(text))) texts.set(key, [text]);
  }
  const file = env[CONFIG_VARIABLE] ?? '';
  return { texts, file: file === '' ? null : file, warnings: warnOfTypos(env) };
}

function isServiceLink(text: string): boolean {
  return /^(tcp|udp|sctp):\/\//.test(text);
}

function warnOfTypos(env: NodeJS.ProcessEnv): string[] {
  const known = [...OPTION_KEYS.map(variableOf), CONFIG_VARIABLE];
  const warnings: string[] = [];
  for (const name of Object.keys(env)) {
    if (!name.startsWith('LOWPORT_') || known.includes(name) || /_(SERVICE|PORT)_/.test(name)) continue;
    const near = nearest(
      name.slice(8),
      known.map((variable) => variable.slice(8)),
    );
    if (near !== null) warnings.push(`${name} is not a variable of lowport; did you mean LOWPORT_${near}?`);
  }
  return warnings;
}
