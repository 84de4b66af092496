import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import { fromText, isWithin } from '../fs/byte-path.ts';
import type { RouteSettings, Settings } from './settings.ts';

/**
 * Refuses directories that lie in one another where files would be taken twice, or taken for new files again.
 *
 * Compares names alone: whoever knows the real paths behind links calls it with those too.
 *
 * @throws UsageError
 */
export function refuseOverlaps(settings: Settings): void {
  const { routes, statePath } = settings;
  routes.forEach((route, index) => {
    for (const other of routes.slice(index + 1)) refuseSharedInput(route, other);
    for (const other of routes) refuseOutputInInput(route, other);
    refuseMixedDuplicates(route);
    if (watches(route, statePath)) {
      throw overlap(
        `the state file ${statePath} lies in the input ${route.input}`,
        'put it elsewhere with --state-path',
      );
    }
  });
}

function refuseSharedInput(a: RouteSettings, b: RouteSettings): void {
  if (a.input === b.input) {
    throw overlap(`the input ${a.input} is given twice`, 'give each directory once, to one route');
  }
  for (const [outer, inner] of [
    [a, b],
    [b, a],
  ] as const) {
    if (outer.recursive && within(outer.input, inner.input)) {
      throw overlap(
        `the input ${inner.input} lies in the input ${outer.input}, so its files would be taken by both`,
        `leave one out, or watch only the top of ${outer.input} (recursive: false)`,
      );
    }
  }
}

const OUTPUTS = [
  { key: 'warehouse', name: 'the warehouse', flag: '--warehouse' },
  { key: 'manifests', name: 'the manifests directory', flag: '--manifests' },
  { key: 'duplicates', name: 'the duplicates directory', flag: '--duplicates' },
] as const;

function refuseOutputInInput({ input, recursive }: RouteSettings, other: RouteSettings): void {
  for (const { key, name, flag } of OUTPUTS) {
    const output = other[key];
    if (output === input) {
      throw overlap(`${name} ${output} is also an input`, `put it elsewhere with ${flag}`);
    }
    if (recursive && within(input, output)) {
      throw overlap(
        `${name} ${output} lies in the input ${input}, so its files would be taken again`,
        `put it beside the input with ${flag}`,
      );
    }
    if (within(output, input)) {
      throw overlap(
        `the input ${input} lies in ${name} ${output}, so what is stored there could be taken again`,
        `put it beside the input with ${flag}`,
      );
    }
  }
}

function refuseMixedDuplicates({ warehouse, duplicates }: RouteSettings): void {
  if (duplicates !== warehouse) return;
  throw overlap(
    `the duplicates directory ${duplicates} is also the warehouse, so duplicates would look like committed files`,
    'give another with --duplicates, or leave it out',
  );
}

/** Whether a file at `path` would be seen in the input. */
const watches = ({ input, recursive }: RouteSettings, path: string): boolean =>
  recursive ? within(input, path) : dirname(path) === input;

const within = (directory: string, path: string): boolean => isWithin(fromText(directory), fromText(path));

const overlap = (message: string, hint: string): UsageError =>
  new UsageError(message, { code: 'usage.overlap', hint });
