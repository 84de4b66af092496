import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { judge, type Origin } from './judge.ts';
import {
  environmentName,
  flagName,
  isOptionName,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  type OptionValues,
  PATH_OPTIONS,
} from './options.ts';
import { absoluteTarget } from './table-texts.ts';
import { nearest } from './words.ts';

/** A judged value, and where it was given. */
export type Given<Name extends OptionName> = { value: OptionValues[Name]; origin: Origin };

/** What one place says: the command line, the environment, the config file's top level, one route. Its paths are absolute. */
export type Layer = { [Name in OptionName]?: Given<Name> };

/** Values in the form of the config file become a layer; relative paths start at `base`. */
export function layerOf(
  values: Readonly<Record<string, unknown>>,
  originOf: (name: OptionName) => Origin,
  base: string,
): Layer {
  const layer: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(values)) {
    if (raw === undefined || !isOptionName(name)) continue;
    const origin = originOf(name);
    layer[name] = { value: absolute(name, judge(name, raw, origin), base), origin };
  }
  return layer as Layer;
}

/** The options of the command line: text, true and false, or a list of texts where an option may be repeated. */
export function flagLayer(flags: Readonly<Record<string, unknown>>, cwd: string): Layer {
  const values = Object.entries(flags).map(([name, value]) => [
    name,
    isOptionName(name) ? read(name, value) : value,
  ]);
  return layerOf(Object.fromEntries(values), flagOrigin, cwd);
}

/** The environment's `WHARFINGER_*`. One that is empty counts as not set; one that is nearly an option is refused as a slip. */
export function environmentLayer(env: Readonly<Record<string, string | undefined>>, cwd: string): Layer {
  const byVariable = new Map(OPTION_NAMES.map((name) => [environmentName(name), name]));
  const values: Partial<Record<OptionName, unknown>> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith('WHARFINGER_') || text === undefined || text === '') continue;
    const name = byVariable.get(variable);
    if (name === undefined) refuseSlip(variable, [...byVariable.keys(), 'WHARFINGER_CONFIG']);
    else values[name] = read(name, text);
  }
  return layerOf(values, environmentOrigin, cwd);
}

function refuseSlip(variable: string, known: readonly string[]): void {
  if (known.includes(variable)) return;
  // Compared without the common prefix, which would make everything look near.
  const meant = nearest(
    variable.slice('WHARFINGER_'.length),
    known.map((name) => name.slice('WHARFINGER_'.length).toLowerCase()),
  );
  if (meant === undefined) return;
  throw new UsageError(`the environment variable ${variable} is no option`, {
    code: 'usage.environment',
    subject: variable,
    hint: `did you mean WHARFINGER_${meant.toUpperCase()}?`,
  });
}

/** Text to the form of the config file. What cannot be read stays as it is, for `judge` to refuse it in its own words. */
function read(name: OptionName, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  switch (OPTIONS[name].text) {
    case 'number':
      return /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    case 'flag':
      return FLAG_WORDS.get(value.toLowerCase()) ?? value;
    case 'list':
      return splitList(value);
    default:
      return value;
  }
}

const FLAG_WORDS = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/** One a line; on a single line, separated by commas, but for those that stand in the braces of a glob. */
export function splitList(text: string): string[] {
  const parts = text.includes('\n') ? text.split('\n') : text.split(/,(?![^{]*\})/);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** What the first layer that says anything says. */
export function pick<Name extends OptionName>(layers: readonly Layer[], name: Name): Given<Name> | undefined {
  for (const layer of layers) {
    const given = layer[name];
    if (given !== undefined) return given as Given<Name>;
  }
  return undefined;
}

/** Seconds as options have them to milliseconds as the program has them. */
export const milliseconds = (seconds: number): number => Math.round(seconds * 1000);

const flagOrigin = (name: OptionName): Origin => ({
  label: flagName(name),
  write: (value) => (OPTIONS[name].text === 'flag' ? flagName(name) : `${flagName(name)} ${quoted(value)}`),
});

const environmentOrigin = (name: OptionName): Origin => ({
  label: environmentName(name),
  write: (value) => `${environmentName(name)}=${quoted(value)}`,
});

/** As a shell takes it. */
const quoted = (value: string): string => (/[*{}|<> ]/.test(value) ? `'${value}'` : value);

const pathOptions: ReadonlySet<string> = new Set(PATH_OPTIONS);

function absolute(name: OptionName, value: unknown, base: string): unknown {
  if (name === 'into') return absoluteTarget(String(value), base);
  if (!pathOptions.has(name)) return value;
  const resolved = [value].flat().map((path) => resolve(base, String(path)));
  return Array.isArray(value) ? resolved : resolved[0];
}
