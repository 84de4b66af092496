import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { errnoOf } from '../../../shared/errors.ts';
import { type Check, type Examined, fail, ok, warn } from './check.ts';
import { inputsOf, type Place, placesOf } from './places.ts';
import { nearestExisting, withProbe } from './probe.ts';

/** Inputs can be listed and emptied. */
export function examineInputs({ settings, inputsToMake }: Examined): Check[] {
  return inputsOf(settings).map((input) => {
    const stats = statOf(input);
    if (stats === undefined) {
      return inputsToMake.includes(input)
        ? placeIn(input, { what: 'input', directory: input, flag: '--input' })
        : fail('input', `input ${input} does not exist`, 'make it, or give another with --input');
    }
    if (stats === 'unreachable') {
      const mend = 'let this user enter (x) all directories above it';
      return fail('input', `input ${input} cannot be reached by this user`, mend);
    }
    if (!stats.isDirectory())
      return fail('input', `input ${input} is not a directory`, 'give the directory files arrive in');
    const lacking = lackingRights(input);
    if (lacking !== undefined) {
      return fail(
        'input',
        `input ${input} cannot be ${lacking} by this user`,
        `let this user ${RIGHTS_MEND} it`,
      );
    }
    return isSticky(stats.mode) && stats.uid !== process.getuid?.() && process.getuid?.() !== 0
      ? warn(
          'input',
          `input ${input} is sticky: only the owner of a file may take it away`,
          `chmod -t ${input}`,
        )
      : ok('input', `input ${input} can be listed and emptied`);
  });
}

function statOf(path: string): Stats | 'unreachable' | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return 'unreachable';
    throw error;
  }
}

const RIGHTS_MEND = 'list (r), enter (x) and remove from (w)';

function lackingRights(directory: string): string | undefined {
  const rights = [
    ['listed', constants.R_OK],
    ['entered', constants.X_OK],
    ['emptied', constants.W_OK],
  ] as const;
  return rights.find(([, right]) => !mayAccess(directory, right))?.[0];
}

function mayAccess(path: string, right: number): boolean {
  try {
    accessSync(path, right);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

const isSticky = (mode: number): boolean => (mode & 0o1000) !== 0;

/** Warehouse, manifests and the directory of the state file can be written to, or made: tried, since rights alone do not tell. */
export const examinePlaces = ({ settings }: Examined): Check[] =>
  placesOf(settings).map((place) => placeIn(place.directory, place));

function placeIn(directory: string, { what, flag, mustExist }: Place): Check {
  const existing = nearestExisting(directory);
  if (mustExist === true && existing !== directory)
    return fail(what, `${what} ${directory} does not exist`, 'make it, or mount its file system');
  try {
    withProbe(existing, existing === directory ? 'file' : 'directory', () => undefined);
    return existing === directory
      ? ok(what, `${what} ${directory} can be written to`)
      : ok(what, `${what} ${directory} is made when it starts`);
  } catch (error) {
    if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
    return fail(
      what,
      `${what} ${directory} cannot be written to (${error.message})`,
      `give another with ${flag}, ${mendOf(error)}`,
    );
  }
}

function mendOf(error: Error): string {
  switch (errnoOf(error)) {
    case 'EROFS':
      return 'or mount its file system for writing';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'or free space there';
    case 'ENOTDIR':
      return 'or remove the file that is in its way';
    default:
      return 'or let this user write there';
  }
}
