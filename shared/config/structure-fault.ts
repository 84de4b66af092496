import { UsageError } from '../errors.ts';
import type { Grammar } from './grammar.ts';
import { show } from './words.ts';
import type { YamlFile } from './yaml-file.ts';

/** What stands where a list, a mapping or a name should. */
export function structureFault(
  file: YamlFile,
  path: readonly PropertyKey[],
  found: unknown,
  { list, item, directory }: Grammar,
): UsageError {
  const place = file.place(path);
  const usage = (what: string, hint: string): UsageError =>
    new UsageError(`${place}: ${what}`, { code: 'config.invalid', subject: place, hint });
  const one = item.what.replace(/^a /, '');
  const [first, , key, index] = path;
  if (first === undefined)
    return usage(`${show(found)} is not a mapping of options`, 'write `key: value`, one a line');
  if (path.length === 1) {
    return found === undefined
      ? usage(`there are no ${list}`, `write one a dash below ${list}:, for example - ${directory}: /srv/in`)
      : usage(
          `${list}: ${show(found)} is not a list of ${list}`,
          `write one a dash, for example - ${directory}: /srv/in`,
        );
  }
  if (path.length === 2)
    return usage(`${show(found)} is not ${item.what}`, `write it as \`- ${directory}: /srv/in\``);
  if (key === directory) {
    return found === undefined
      ? usage(
          `this ${one} has no ${directory === one ? 'directory' : directory}`,
          `say which directory it watches, for example ${directory}: /srv/in`,
        )
      : usage(
          `${directory}: ${show(found)} is not one directory`,
          `write one path, and ${item.what} for each further one`,
        );
  }
  if (path.at(-1) === 'name') return usage(`name: ${show(found)} is not a name`, 'for example name: orders');
  if (index !== undefined)
    return usage(`sinks: ${show(found)} is not a sink`, 'write it as a mapping that begins with its type');
  return usage(`sinks: ${show(found)} is not what belongs here`, 'write a list, each sink with its type');
}
