import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EnvironmentError } from '../errors.ts';
import { fromText, isWithin } from '../fs/byte-path.ts';
import { fileSystemType } from '../linux/file-system-type.ts';
import { onDirectory } from './directory-fault.ts';
import { makeDirectories } from './make-directories.ts';
import { refuseOverlaps } from './overlap.ts';
import { basesOf, movesDuplicates, type RouteSettings, type Settings } from './settings.ts';

const USABLE = constants.R_OK | constants.W_OK | constants.X_OK;

/**
 * Makes the machine ready for `settings`, or says in one line what it lacks: inputs are there and may be emptied; the warehouse, the
 * manifests, the duplicates and the directory of the state file are made where missing; bases of archives are there; and the state file is
 * on a local disk.
 *
 * Idempotent, and safe to run from several processes at once. What it makes is durable when it returns.
 *
 * @throws EnvironmentError; UsageError where links make directories overlap that seemed apart
 */
export function prepareDirectories(settings: Settings, inputsToMake: readonly string[]): void {
  for (const input of inputsToMake) makeUsable(input, 'the input directory', '--input');
  checkInputs(settings);
  checkBases(settings);
  // Before anything is made, so that nothing is made in an input; and again, since what is missing has no links yet.
  refuseOverlaps(withRealPaths(settings));
  for (const route of settings.routes) {
    makeUsable(route.warehouse, 'the warehouse', '--warehouse');
    makeUsable(route.manifests, 'the manifests directory', '--manifests');
    if (needsDuplicates(route)) makeUsable(route.duplicates, 'the duplicates directory', '--duplicates');
  }
  prepareState(settings.statePath);
  refuseOverlaps(withRealPaths(settings));
}

/** The directory of the state file: made where missing, local, and ours to write. Throws as `prepareDirectories` does. */
export function prepareState(statePath: string, typeOf = fileSystemType): void {
  const directory = dirname(statePath);
  makeUsable(directory, 'the directory of the state file', '--state-path');
  const { isNetwork, name } = typeOf(fromText(directory));
  if (!isNetwork) return;
  throw new EnvironmentError(
    `the state file ${statePath} is on a network file system (${name}), where locks cannot be trusted`,
    {
      code: 'state.network',
      subject: statePath,
      hint: 'put it on a local disk with --state-path; input, warehouse and manifests may stay where they are',
    },
  );
}

/** Each input is a directory that can be listed and emptied; makes nothing. Throws as `prepareDirectories` does. */
export function checkInputs({ routes }: Settings): void {
  for (const { input } of routes) {
    const hint = 'make it, or give another with --input';
    onDirectory(input, 'the input directory', hint, () => {
      if (statSync(input).isDirectory()) accessSync(input, USABLE);
      else throw notDirectory(input);
    });
  }
}

/** Each base of archives is a directory that can be written to; made by whoever mounts it, and not here. Throws as `prepareDirectories` does. */
export function checkBases({ routes }: Pick<Settings, 'routes'>): void {
  for (const base of basesOf(routes)) {
    const hint = 'make it, or mount its file system; base in the sink names it';
    onDirectory(base, 'the base of archives', hint, () => {
      accessSync(base, USABLE);
      // Only of a directory can a name be asked for.
      statSync(join(base, '.'));
    });
  }
}

const notDirectory = (input: string): EnvironmentError =>
  new EnvironmentError(`the input ${input} is not a directory`, {
    code: 'directory.unusable',
    subject: input,
    hint: 'give the directory that the files arrive in',
  });

/** Those below the warehouse are made with the first duplicate. */
const needsDuplicates = (route: RouteSettings): boolean =>
  movesDuplicates(route) && !isWithin(fromText(route.warehouse), fromText(route.duplicates));

/** Makes a directory that this program writes to where it is missing. Throws as `prepareDirectories` does. */
export function makeUsable(directory: string, what: string, flag: string): void {
  onDirectory(directory, what, `give another with ${flag}`, () => {
    makeDirectories(directory);
    accessSync(directory, USABLE);
  });
}

const withRealPaths = (settings: Settings): Settings => ({
  ...settings,
  statePath: realPath(settings.statePath),
  routes: settings.routes.map((route) => ({
    ...route,
    input: realPath(route.input),
    warehouse: realPath(route.warehouse),
    manifests: realPath(route.manifests),
    duplicates: realPath(route.duplicates),
    sinks: route.sinks.map((sink) =>
      sink.type === 'archive' ? { ...sink, base: realPath(sink.base) } : sink,
    ),
  })),
});

/** With all links followed, as far as it exists. */
export function realPath(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), basename(path));
}
