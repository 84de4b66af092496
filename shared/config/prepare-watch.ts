import { accessSync, constants, statSync } from 'node:fs';
import { EnvironmentError } from '../errors.ts';
import { onDirectory } from './directory-fault.ts';
import { refuseTargetOverlaps } from './overlap.ts';
import { makeUsable, prepareState, realPath } from './prepare.ts';
import { refuseOtherFileSystem } from './same-file-system.ts';
import type { Settings, UploadRouteSettings } from './settings.ts';

const READABLE = constants.R_OK | constants.X_OK;

/**
 * Makes the machine ready for `watch`, or says in one line what it lacks: targets are there, and may be emptied unless their files are
 * kept; the directory that files are moved to is made where missing, and is on the file system of its targets; the state file is on a
 * local disk. Idempotent, and safe to run from several processes at once.
 *
 * @throws EnvironmentError; UsageError where links make directories overlap that seemed apart
 */
export function prepareWatch(settings: Settings): void {
  const { uploadRoutes, statePath } = settings;
  for (const target of uploadRoutes) checkTarget(target);
  // Before anything is made, so that nothing is made in a target; and again, since what is missing has no links yet.
  refuseTargetOverlaps(withRealPaths(settings));
  for (const { input, sink } of uploadRoutes) {
    if (sink.after.do !== 'move') continue;
    const { directory } = sink.after;
    makeUsable(directory, 'the directory that files are moved to', '--moved-to');
    refuseOtherFileSystem(input, directory, {
      code: 'watch.file-systems',
      hint: 'a file is moved at once or not at all: give a directory on the file system of the target with --moved-to',
    });
  }
  prepareState(statePath);
  refuseTargetOverlaps(withRealPaths(settings));
}

function checkTarget({ input, sink }: UploadRouteSettings): void {
  const rights = sink.after.do === 'keep' ? READABLE : READABLE | constants.W_OK;
  onDirectory(input, 'the target', 'make it, or give another with --target', () => {
    if (statSync(input).isDirectory()) accessSync(input, rights);
    else throw notDirectory(input);
  });
}

const notDirectory = (input: string): EnvironmentError =>
  new EnvironmentError(`the target ${input} is not a directory`, {
    code: 'directory.unusable',
    subject: input,
    hint: 'give the directory that the files arrive in',
  });

const withRealPaths = (settings: Settings): Settings => ({
  ...settings,
  statePath: realPath(settings.statePath),
  uploadRoutes: settings.uploadRoutes.map((target) => ({
    ...target,
    input: realPath(target.input),
    sink: withRealDirectory(target.sink),
  })),
});

function withRealDirectory(sink: UploadRouteSettings['sink']): UploadRouteSettings['sink'] {
  if (sink.after.do !== 'move') return sink;
  return { ...sink, after: { do: 'move', directory: realPath(sink.after.directory) } };
}
