import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { SINK_TYPES } from './config-schema.ts';
import { declaredSchema } from './declared-schema.ts';
import { dig } from './dig.ts';
import type { Grammar, Mapping } from './grammar.ts';
import { judge, type Origin } from './judge.ts';
import { isOptionName, OPTIONS, type OptionName } from './options.ts';
import { structureFault } from './structure-fault.ts';
import { nearest, show } from './words.ts';
import type { YamlFile } from './yaml-file.ts';

type Path = readonly PropertyKey[];

/** An option in a config file. */
export const originIn = (file: YamlFile, path: Path): Origin => {
  const key = String(path.at(-1));
  return {
    label: `${file.place(path)}: ${key}`,
    write: (value) => `${key}: ${/^[*{]/.test(value) ? JSON.stringify(value) : value}`,
  };
};

/** What the validator refused first, in the words of this program. */
export function configFault(
  file: YamlFile,
  value: unknown,
  issues: readonly z.core.$ZodIssue[],
  grammar: Grammar,
): Error {
  const [first] = issues;
  if (first === undefined) return new Error('zod refused without an issue');
  const owner = ownerOf(first.path, value, grammar);
  // What is missing is often there, and misspelt.
  const issue = issues.find((other) => isSlipIn(other, first.path.slice(0, owner.depth))) ?? first;
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') return unknownKey(file, path, issue.keys[0] ?? '', value, grammar);

  const key = path[owner.depth];
  const found = dig(value, path);
  const option = owner.isSink && key === 'target' ? 'into' : key;
  if (typeof option === 'string' && isOptionName(option) && option !== owner.directory) {
    const at = path.slice(0, owner.depth + 1);
    if (dig(value, at) === undefined) return missingKey(file, path, option, owner.mapping);
    return refusal(() => judge(option, dig(value, at), originIn(file, at)));
  }
  if (owner.isSink && key === 'type') return unknownType(file, path, found);
  if (owner.isSink && key === 'schema') return schemaFault(file, path, issue, found);
  return structureFault(file, path, found, grammar);
}

const isSlipIn = ({ code, path }: z.core.$ZodIssue, mapping: Path): boolean =>
  code === 'unrecognized_keys' &&
  path.length === mapping.length &&
  path.every((step, at) => step === mapping[at]);

type Owner = { mapping: Mapping; depth: number; directory: string | undefined; isSink: boolean };

const NO_TYPE: Mapping = { what: 'a sink', where: 'in a sink', keys: ['type'] };

/** The mapping that a path leads into, and how long the path to it is. */
function ownerOf(path: Path, value: unknown, { top, list, item, directory, sinks }: Grammar): Owner {
  if (path[0] !== list || path.length < 2)
    return { mapping: top, depth: 0, directory: undefined, isSink: false };
  if (path[2] === 'sinks' && path.length > 3) {
    const mapping = sinks[String(dig(value, [...path.slice(0, 4), 'type']))] ?? NO_TYPE;
    return { mapping, depth: 4, directory: undefined, isSink: true };
  }
  return { mapping: item, depth: 2, directory, isSink: false };
}

function refusal(judging: () => unknown): Error {
  try {
    judging();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return new Error('the schema of the file refused what the schema of the option takes');
}

function unknownKey(file: YamlFile, path: Path, key: string, value: unknown, grammar: Grammar): UsageError {
  const place = file.place([...path, key]);
  const { mapping, isSink, depth } = ownerOf([...path, key], value, grammar);
  if (isSink && path[depth] === 'schema') {
    const meant = nearest(key, SCHEMA_KEYS);
    const hint = meant === undefined ? `it takes ${SCHEMA_KEYS.join(', ')}` : `did you mean ${meant}?`;
    return usage(place, `${JSON.stringify(key)} is no key of a schema`, hint);
  }
  const others = [grammar.item, ...Object.values(grammar.sinks), grammar.top];
  const right = others.find((other) => other !== mapping && other.keys.includes(key));
  if (right !== undefined) return usage(place, `${key} is for ${right.what}`, `write it ${right.where}`);
  // A hyphen for an underscore is the likeliest slip, and more than one of them is too far for `nearest`.
  const meant = nearest(key.replaceAll('-', '_'), mapping.keys);
  const what = mapping === grammar.top ? 'the config file' : mapping.what;
  return usage(
    place,
    `${JSON.stringify(key)} is no key of ${what}`,
    meant === undefined ? grammar.help : `did you mean ${meant}?`,
  );
}

function missingKey(file: YamlFile, path: Path, name: OptionName, { what }: Mapping): UsageError {
  const key = name === 'into' ? 'target' : name;
  return usage(
    file.place(path),
    `${key} is missing`,
    `${what} needs it, for example ${key}: ${OPTIONS[name].example}`,
  );
}

const SCHEMA_KEYS = Object.keys(declaredSchema.shape);

/** What is wrong in what a sink says of its files. */
function schemaFault(file: YamlFile, path: Path, issue: z.core.$ZodIssue, found: unknown): UsageError {
  const name = path.slice(4).join('.');
  const what =
    issue.code === 'custom' || issue.code === 'invalid_format' ? issue.message : 'is not what belongs here';
  const hint =
    'for example schema: {columns: {id: BIGINT, income: DOUBLE}, null: ["NA", ""], delimiter: ","}';
  return usage(file.place(path), `${name}: ${show(found)}: ${what}`, hint);
}

function unknownType(file: YamlFile, path: Path, type: unknown): UsageError {
  const place = file.place(path);
  if (typeof type !== 'string')
    return usage(place, 'this sink has no type', `say what it is, for example type: ${SINK_TYPES[0]}`);
  const meant = nearest(type, SINK_TYPES);
  return new UsageError(`${place}: this version has no sink of type ${JSON.stringify(type)}`, {
    code: 'config.sink',
    subject: place,
    hint:
      meant === undefined
        ? 'leave it out, or run a version of wharfinger that has it'
        : `did you mean ${meant}?`,
  });
}

const usage = (place: string, what: string, hint: string): UsageError =>
  new UsageError(`${place}: ${what}`, { code: 'config.invalid', subject: place, hint });
