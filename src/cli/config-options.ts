import { type Command, Option } from 'commander';
import { type Option as ConfigOption, OPTION_GROUPS } from '../config/option.ts';
import { flagOf, OPTION_KEYS, OPTIONS } from '../config/options.ts';
import type { Settings } from '../config/settings.ts';

/** Gives the parser a flag for every setting. Their texts are only collected here: config/ parses them. */
export function addConfigOptions(parser: Command): void {
  for (const key of OPTION_KEYS) for (const option of optionsOf(key)) parser.addOption(option);
}

/** The settings that were given on the command line. */
export function configTexts(parser: Command): Map<keyof Settings, readonly string[]> {
  const texts = new Map<keyof Settings, readonly string[]>();
  for (const key of OPTION_KEYS) {
    const value: unknown = parser.getOptionValue(key);
    if (isTexts(value)) texts.set(key, value);
    else if (typeof value === 'boolean') texts.set(key, [String(value)]);
  }
  return texts;
}

function optionsOf(key: keyof Settings): Option[] {
  const spec: ConfigOption<unknown> = OPTIONS[key];
  const flag = flagOf(key);
  if (spec.argument !== null) {
    const option = new Option(`${flag} ${spec.argument}`, describe(spec)).argParser(collect);
    return [group(spec.preset === null ? option : option.preset(spec.preset), spec)];
  }
  // Both ways of a switch are taken, so that flags can undo what variables or the file say; help shows the useful one.
  const isOn = spec.defaultText === 'on';
  return [
    group(new Option(flag, describe(spec)).hideHelp(isOn), spec),
    group(new Option(flag.replace('--', '--no-'), `Do not ${spec.help}`).hideHelp(!isOn), spec),
  ];
}

function group(option: Option, spec: ConfigOption<unknown>): Option {
  return option.helpGroup(OPTION_GROUPS[spec.group]);
}

function describe(spec: ConfigOption<unknown>): string {
  return spec.defaultText === null ? spec.help : `${spec.help} (default: ${spec.defaultText})`;
}

function collect(text: string, earlier: unknown): string[] {
  return [...(isTexts(earlier) ? earlier : []), text];
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
