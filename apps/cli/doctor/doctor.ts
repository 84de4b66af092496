import { errnoOf } from '../../../shared/errors.ts';
import { examineArchives } from './archives.ts';
import type { Check, Examination, Examined } from './check.ts';
import { examineClock, examineLeases } from './completion.ts';
import { examineFileSystems, examineSpace, examineSyncs } from './disks.ts';
import { examineEvents } from './events.ts';
import { examineMoving, examineNoReplace } from './moving.ts';
import { examineInputs, examinePlaces } from './permissions.ts';
import { examineProfiles } from './profiles.ts';
import { examineNode, examineOpenFiles } from './program.ts';
import { examineState } from './state-file.ts';
import { examineTables } from './tables.ts';

/** In the order in which a person would mend things. */
const EXAMINATIONS: Readonly<Record<string, Examination>> = {
  node: examineNode,
  'open-files': examineOpenFiles,
  input: examineInputs,
  places: examinePlaces,
  'state-file': examineState,
  credentials: examineProfiles,
  tables: examineTables,
  archives: examineArchives,
  'file-system': examineFileSystems,
  move: examineMoving,
  'no-replace': examineNoReplace,
  lease: examineLeases,
  inotify: examineEvents,
  clock: examineClock,
  space: examineSpace,
  fsync: examineSyncs,
};

/**
 * Looks for what would make wharfinger fail or crawl here. It tries things where asking does not tell, with hidden files of its own,
 * and leaves nothing behind.
 */
export async function* examine(examined: Examined): AsyncGenerator<Check> {
  for (const [check, examination] of Object.entries(EXAMINATIONS)) {
    try {
      yield* await examination(examined);
    } catch (error) {
      // What stands in the way, a right that is missing, is reported by the examination that is about it.
      if (errnoOf(error) === undefined || !(error instanceof Error)) throw error;
      yield {
        level: 'warn',
        check,
        what: `${check} could not be looked at (${error.message})`,
        mend: 'mend what fails, then ask again',
      };
    }
  }
}
