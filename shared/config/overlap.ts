import { dirname, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { fromText, isWithin } from '../fs/byte-path.ts';
import {
  basesOf,
  type RouteSettings,
  type Settings,
  type UploadRouteSettings,
  type WatchedSettings,
} from './settings.ts';
import { targetName } from './table-texts.ts';

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
    for (const other of routes) refuseTableInInput(route, other);
    for (const base of basesOf(routes)) refuseBaseAmid(route, base);
    if (watches(route, statePath)) {
      throw overlap(
        `the state file ${statePath} lies in the input ${route.input}`,
        'put it elsewhere with --state-path',
      );
    }
  });
}

/** The same for the targets of `watch`, and for the directories that their files are moved to. Throws as `refuseOverlaps` does. */
export function refuseTargetOverlaps({ uploadRoutes, statePath }: Settings): void {
  uploadRoutes.forEach((target, index) => {
    for (const other of uploadRoutes.slice(index + 1)) refuseSharedInput(target, other, 'target');
    for (const other of uploadRoutes) refuseMovedIntoTarget(target, other);
    if (watches(target, statePath)) {
      throw overlap(
        `the state file ${statePath} lies in the target ${target.input}`,
        'put it elsewhere with --state-path',
      );
    }
  });
}

function refuseMovedIntoTarget(
  { input, recursive }: UploadRouteSettings,
  { sink }: UploadRouteSettings,
): void {
  if (sink.after.do !== 'move') return;
  const { directory } = sink.after;
  if (directory === input || (recursive && within(input, directory))) {
    throw overlap(
      `files are moved to ${directory}, which lies in the target ${input}: they would be uploaded again`,
      'give a directory beside it with --moved-to',
    );
  }
  if (within(directory, input)) {
    throw overlap(
      `the target ${input} lies in ${directory}, where files are moved to: they could be uploaded again`,
      'give a directory beside it with --moved-to',
    );
  }
}

function refuseSharedInput(a: WatchedSettings, b: WatchedSettings, what: 'input' | 'target' = 'input'): void {
  if (a.input === b.input) {
    const item = what === 'input' ? 'route' : 'target';
    throw overlap(`the ${what} ${a.input} is given twice`, `give each directory once, to one ${item}`);
  }
  for (const [outer, inner] of [
    [a, b],
    [b, a],
  ] as const) {
    if (outer.recursive && within(outer.input, inner.input)) {
      throw overlap(
        `the ${what} ${inner.input} lies in the ${what} ${outer.input}, so its files would be taken by both`,
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

/** What is loaded would be taken as a file, and be loaded again. */
function refuseTableInInput(route: RouteSettings, { sinks }: RouteSettings): void {
  for (const sink of sinks) {
    if (sink.type !== 'load' || sink.target.is === 'postgres') continue;
    const place = sink.target.is === 'duckdb' ? sink.target.path : sink.target.directory;
    if (watches(route, place) || place === route.input) {
      throw overlap(
        `the target ${targetName(sink.target)} lies in the input ${route.input}, so it would be taken as a file`,
        'put it beside the input',
      );
    }
    if (sink.target.is === 'parquet' && within(place, route.input)) {
      throw overlap(
        `the input ${route.input} lies in the target ${targetName(sink.target)}`,
        'put the one beside the other',
      );
    }
  }
}

/** What is archived would be taken as a file, or stand where the program keeps files of its own. */
function refuseBaseAmid(route: RouteSettings, base: string): void {
  const { input } = route;
  if (base === input || watches(route, base) || watches(route, join(base, 'inbox'))) {
    throw overlap(
      `the base of archives ${base} lies in the input ${input}, so they would be taken as files`,
      'put it beside the input',
    );
  }
  if (within(base, input))
    throw overlap(`the input ${input} lies in the base of archives ${base}`, 'put the one beside the other');
  const output = OUTPUTS.find(({ key }) => route[key] === base);
  if (output !== undefined)
    throw overlap(`the base of archives ${base} is also ${output.name}`, 'give another directory as base');
}

function refuseMixedDuplicates({ warehouse, duplicates }: RouteSettings): void {
  if (duplicates !== warehouse) return;
  throw overlap(
    `the duplicates directory ${duplicates} is also the warehouse, so duplicates would look like committed files`,
    'give another with --duplicates, or leave it out',
  );
}

/** Whether a file at `path` would be seen in the input. */
const watches = ({ input, recursive }: WatchedSettings, path: string): boolean =>
  recursive ? within(input, path) : dirname(path) === input;

const within = (directory: string, path: string): boolean => isWithin(fromText(directory), fromText(path));

const overlap = (message: string, hint: string): UsageError =>
  new UsageError(message, { code: 'usage.overlap', hint });
