import { isWithin, toText } from '../../../../shared/fs/byte-path.ts';
import { hasMark } from '../ingest/mark.ts';
import type { LoadStore } from './store.ts';
import type { TaskInHand } from './task-in-hand.ts';

/**
 * Why the files of a sink cannot be seen at present, where their warehouse is not mounted. Files that lie elsewhere (of another warehouse, since
 * the configuration changed, or of a store that is only read) speak for themselves.
 */
export function absenceOf({ id, sink }: TaskInHand, store: LoadStore): string | undefined {
  const route = store.routes.byId(sink.routeId);
  if (route?.takes !== 'ingest') return undefined;
  const { warehouse } = route;
  const [first] = store.files.waiting(id, 0, 1);
  if (first === undefined || !isWithin(warehouse, first.path) || hasMark(warehouse)) return undefined;
  return `the warehouse ${toText(warehouse)} is not there, or has lost its mark: mount its file system`;
}
