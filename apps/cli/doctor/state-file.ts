import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { WharfingerError } from '../../../shared/errors.ts';
import { toText } from '../../../shared/fs/byte-path.ts';
import { Routes } from '../../../shared/queue/routes.ts';
import { explainStateError, openState, type State } from '../../../shared/state/open.ts';
import { count } from '../format/text.ts';
import { type Check, type Examined, fail, ok } from './check.ts';

/** The file by which a warehouse shows that its file system is mounted. */
const MARK = '.wharfinger';

/** The state file can be read and is ours; and the warehouses that it has used are mounted. */
export function examineState({ settings: { statePath } }: Examined): Check[] {
  if (!existsSync(statePath)) return [ok('state-file', `the state file ${statePath} is made when it starts`)];
  try {
    const state = openState(statePath, { readonly: true });
    try {
      return [readable(state, statePath), ...marks(state)];
    } finally {
      state.close();
    }
  } catch (error) {
    const explained = explainStateError(error, statePath);
    if (!(explained instanceof WharfingerError)) throw error;
    if (explained.code === 'state.older')
      return [ok('state-file', `${explained.message}: it is brought up to date when it starts`)];
    return [fail('state-file', explained.message, explained.hint ?? 'restore it from a backup')];
  }
}

function readable(state: State, path: string): Check {
  const row = state.prepare<[], { files: number }>('SELECT committed_files AS files FROM totals').get();
  return ok(
    'state-file',
    `the state file ${path} can be read; ${count(row?.files ?? 0)} files committed so far`,
  );
}

function marks(state: State): Check[] {
  const warehouses = new Routes(state)
    .all()
    .filter((route) => route.marked)
    .map((route) => toText(route.warehouse));
  return [...new Set(warehouses)].map((warehouse) =>
    existsSync(join(warehouse, MARK))
      ? ok('mark', `the warehouse ${warehouse} has its mark: it is mounted`)
      : fail(
          'mark',
          `the warehouse ${warehouse} has lost its mark ${MARK}: its file system is not mounted`,
          `mount it, or, if this directory is right, run: touch '${join(warehouse, MARK)}'`,
        ),
  );
}
