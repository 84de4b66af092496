import { basename } from 'node:path';
import type { ScanSettings } from '../../shared/config/resolve-scan.ts';
import { UsageError } from '../../shared/errors.ts';
import { type BytePath, fromText, isWithin, toText } from '../../shared/fs/byte-path.ts';
import { Routes } from '../../shared/queue/routes.ts';
import { Sinks } from '../../shared/queue/sinks.ts';
import type { State } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';
import { watchedInputs } from '../../shared/tables/watched-inputs.ts';

/**
 * Stores the route of a store and the sink of its table, so that every worker knows them, or brings what is stored up to date.
 *
 * @returns the number of the sink
 * @throws UsageError `store.input` where its files would be taken away as well
 */
export function saveStore({ store, stabilityMs, sink }: ScanSettings, state: State): number {
  refuseInputs(fromText(store), state);
  const routeId = new Routes(state).save({
    name: basename(store) || 'root',
    input: fromText(store),
    ...NO_CUSTODY,
    mode: 'stability',
    stabilityMs,
  });
  const [id] = writeTransaction(state, () => new Sinks(state).save(routeId, [sink]));
  if (id === undefined) throw new Error('a sink that was saved has a number');
  return id;
}

/** Files are taken away from an input, by the time that they would be loaded. */
function refuseInputs(store: BytePath, state: State): void {
  const shared = watchedInputs(state).find(({ input }) => isWithin(input, store) || isWithin(store, input));
  if (shared === undefined) return;
  const input = toText(shared.input);
  const where =
    shared.input === store
      ? 'is an input'
      : isWithin(shared.input, store)
        ? `lies in the input ${input}`
        : `has the input ${input} in it`;
  throw new UsageError(`the store ${toText(store)} ${where}, whose files are taken away`, {
    code: 'store.input',
    subject: toText(store),
    hint: 'scan another directory, or give the input a load sink; an input of old times is in the state file still: see --state-path',
  });
}

const NOWHERE = fromText('');
const NO_CUSTODY = {
  warehouse: NOWHERE,
  manifests: NOWHERE,
  duplicates: NOWHERE,
  onDuplicate: 'leave',
  dedupe: 'none',
  takes: 'load',
} as const;
