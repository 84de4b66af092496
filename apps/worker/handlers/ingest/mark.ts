import { statSync, writeFileSync } from 'node:fs';
import { EnvironmentError } from '../../../../shared/errors.ts';
import { type BytePath, join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import type { Route, Routes } from '../../../../shared/queue/routes.ts';

const MARK = '.wharfinger';
const MARK_TEXT =
  'Wharfinger keeps this file here to see that the file system of this warehouse is mounted. Leave it where it is.\n';

/**
 * Sees that a warehouse still has its mark, and makes it the first time. Without it an unmounted warehouse would look like an
 * empty directory, and files would go where nobody finds them.
 *
 * @throws EnvironmentError `warehouse.missing`, `warehouse.unmarked`; or as node:fs does: EACCES, EROFS, ENOSPC, …
 */
export function ensureMark(route: Route, routes: Routes): void {
  const mark = join(route.warehouse, MARK);
  if (exists(mark)) {
    if (!route.marked) routes.setMarked(route.id);
    return;
  }
  const warehouse = toText(route.warehouse);
  if (!exists(route.warehouse)) {
    throw new EnvironmentError(`the warehouse ${warehouse} is missing`, {
      code: 'warehouse.missing',
      subject: warehouse,
      retryable: true,
      hint: 'mount its file system, or make the directory again',
    });
  }
  if (route.marked) {
    throw new EnvironmentError(
      `the warehouse ${warehouse} has lost its mark ${MARK}: its file system is not mounted`,
      {
        code: 'warehouse.unmarked',
        subject: warehouse,
        retryable: true,
        hint: `mount it, or, if this directory is right, run: touch '${toText(mark)}'`,
      },
    );
  }
  writeFileSync(toBytes(mark), MARK_TEXT, { flag: 'a', flush: true });
  routes.setMarked(route.id);
}

/** Whether what is to be found in a warehouse can be: its file system is mounted. */
export const hasMark = (warehouse: BytePath): boolean => exists(join(warehouse, MARK));

const exists = (path: BytePath): boolean => statSync(toBytes(path), { throwIfNoEntry: false }) !== undefined;
