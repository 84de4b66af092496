import { type Command, Option } from 'commander';
import { flagName, OPTIONS, type OptionName } from '../../shared/config/options.ts';

/** Options under one heading of a help page. */
export type OptionGroup = { heading: string; names: readonly OptionName[] };

/** Adds options of the program's one table, and `--config`, to a command. */
export function addOptions(command: Command, groups: readonly OptionGroup[]): Command {
  addOptionsAlone(command, groups);
  return command.addOption(
    new Option('--config <FILE>', 'YAML file with these options in snake case, and routes').helpGroup(
      'Configuration:',
    ),
  );
}

/** The same without `--config`, for a command that has a file of its own. */
export function addOptionsAlone(command: Command, groups: readonly OptionGroup[]): Command {
  for (const { heading, names } of groups) {
    for (const name of names) {
      for (const option of optionsFor(name)) command.addOption(option.helpGroup(heading));
    }
  }
  return command;
}

/** What a command that only needs the state file takes. */
export const addStateOptions = (command: Command): Command =>
  addOptions(command, [{ heading: 'State:', names: ['state_path'] }]);

/** What was given on the command line, and only that, by its names in the config file. */
export function givenOptions(command: Command): Record<string, unknown> {
  const given = Object.entries(command.optsWithGlobals()).filter(
    ([key]) => command.getOptionValueSourceWithGlobals(key) === 'cli',
  );
  return Object.fromEntries(given.map(([key, value]) => [snakeCase(key), value]));
}

const snakeCase = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** What is done unless it is said otherwise: then help shows how to say it. */
const NEGATED: { readonly [Name in OptionName]?: string } = {
  recursive: 'watch only the top of the directory, not its subdirectories',
  decompress:
    'upload files as they are; otherwise gzip, zstd, bzip2, xz and zip, known by content, are unpacked',
};

function optionsFor(name: OptionName): Option[] {
  const spec = OPTIONS[name];
  const flag = flagName(name);
  const fallback = 'fallback' in spec ? ` (default: ${spec.fallback})` : '';
  const negation = NEGATED[name];
  if (negation !== undefined) {
    // The positive form is for whoever has `recursive: false` in a config file.
    return [new Option(flag.replace('--', '--no-'), negation), new Option(flag).hideHelp()];
  }
  if (spec.text === 'flag') return [new Option(flag, spec.description)];
  const option = new Option(`${flag} <${spec.placeholder}>`, `${spec.description}${fallback}`);
  if (spec.text === 'list')
    option.argParser((value: string, before?: string[]) => [...(before ?? []), value]);
  return [option];
}
