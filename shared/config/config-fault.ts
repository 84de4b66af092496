import type { z } from 'zod';
import { UsageError } from '../errors.ts';
import { ROUTE_KEYS, TOP_KEYS } from './config-schema.ts';
import { dig } from './dig.ts';
import { judge, type Origin } from './judge.ts';
import { isOptionName } from './options.ts';
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
export function configFault(file: YamlFile, value: unknown, issues: readonly z.core.$ZodIssue[]): Error {
  const [issue] = issues;
  if (issue === undefined) return new Error('zod refused without an issue');
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') return unknownKey(file, path, issue.keys[0] ?? '');

  const key = path[0] === 'routes' ? path[2] : path[0];
  if (typeof key === 'string' && isOptionName(key) && !isInputOfRoute(path)) {
    const at = path.slice(0, path.indexOf(key) + 1);
    return refusal(() => judge(key, dig(value, at), originIn(file, at)));
  }
  return structureFault(file, path, dig(value, path));
}

const isInputOfRoute = (path: Path): boolean => path[0] === 'routes' && path[2] === 'input';

function refusal(judging: () => unknown): Error {
  try {
    judging();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  return new Error('the schema of the file refused what the schema of the option takes');
}

function unknownKey(file: YamlFile, path: Path, key: string): UsageError {
  const place = file.place([...path, key]);
  const inRoute = path.length > 0;
  // A hyphen for an underscore is the likeliest slip, and more than one of them is too far for `nearest`.
  const meant = nearest(key.replaceAll('-', '_'), inRoute ? ROUTE_KEYS : TOP_KEYS);
  const misplaced = inRoute ? TOP_KEYS : ROUTE_KEYS;
  if (misplaced.includes(key)) {
    const [what, where] = inRoute
      ? ['for the whole program', 'at the top level']
      : ['for a route', 'in a route'];
    return usage(place, `${key} is ${what}`, `write it ${where}`);
  }
  return usage(
    place,
    `${JSON.stringify(key)} is no key ${inRoute ? 'of a route' : 'of the config file'}`,
    meant === undefined ? '`wharfinger config-schema` shows all there are' : `did you mean ${meant}?`,
  );
}

/** What stands where a list, a mapping or a name should. */
function structureFault(file: YamlFile, path: Path, found: unknown): UsageError {
  const place = file.place(path);
  const [first, , key] = path;
  if (first === undefined)
    return usage(place, `${show(found)} is not a mapping of options`, 'write `key: value`, one a line');
  if (path.length === 1) {
    return usage(
      place,
      `routes: ${show(found)} is not a list of routes`,
      'write one a dash, for example - input: /srv/in',
    );
  }
  if (path.length === 2)
    return usage(place, `${show(found)} is not a route`, 'write it as `- input: /srv/in`');
  if (key === 'input') {
    return found === undefined
      ? usage(place, 'this route has no input', 'say which directory it watches, for example input: /srv/in')
      : usage(
          place,
          `input: ${show(found)} is not one directory`,
          'write one path, and a route for each further one',
        );
  }
  if (key === 'name') return usage(place, `name: ${show(found)} is not a name`, 'for example name: orders');
  return usage(
    place,
    `sinks: ${show(found)} is not what belongs here`,
    'write a list, each sink with its type',
  );
}

const usage = (place: string, what: string, hint: string): UsageError =>
  new UsageError(`${place}: ${what}`, { code: 'config.invalid', subject: place, hint });
