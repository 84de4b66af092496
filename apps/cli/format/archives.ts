import type { StoredNow } from '../../../shared/archive-sink/inspect/stored-now.ts';
import type { TracedDeposit } from '../../../shared/archive-sink/inspect/traced-deposits.ts';
import { escapeControls, isoOrNull, moment } from './text.ts';

/** A deposit as `trace` tells it: a name and a value a line. */
export function depositRows(deposit: TracedDeposit): (readonly [string, string])[] {
  const { base, archive, member, sink, now, releasedMs } = deposit;
  // Where it is counts, and what was recorded when that cannot be told.
  const { volume, storedAs } = now.kind === 'member' ? now : deposit;
  return [
    ['archive', escapeControls(`${base}/${archive}`)],
    ['member', escapeControls(member)],
    ['state', stateText(deposit)],
    ...(volume === undefined || volume === archive ? [] : [['volume', escapeControls(volume)] as const]),
    ...(storedAs === undefined || storedAs === member
      ? []
      : [['stored as', escapeControls(storedAs)] as const]),
    ...nowRows(deposit),
    ...(releasedMs === undefined
      ? []
      : [['released', `${moment(releasedMs)}: the warehouse copy was removed`] as const]),
    ['sink', escapeControls(sink)],
  ];
}

function stateText({ state, staging, stagedMs, publishedMs }: TracedDeposit): string {
  if (state === 'published') return `published ${moment(publishedMs ?? stagedMs)}`;
  return `staged ${moment(stagedMs)} in inbox/${escapeControls(staging)}, not yet seen in its archive`;
}

/** What is not to be expected from its state. */
function nowRows({ now, state, archive }: TracedDeposit): (readonly [string, string])[] {
  if (now.kind === 'unreadable') return [['now there', `cannot be told: ${escapeControls(now.why)}`]];
  if (state === 'staged') return now.kind === 'member' ? [['now there', 'yes, collected meanwhile']] : [];
  return now.kind === 'member' ? [] : [['now there', `no: in no volume of ${escapeControls(archive)}`]];
}

/** The same of `trace --json`; the keys are a contract. */
export const depositJson = (deposit: TracedDeposit): Record<string, unknown> => ({
  id: deposit.id,
  sink: deposit.sink,
  base: deposit.base,
  archive: deposit.archive,
  member: deposit.member,
  state: deposit.state,
  staging: deposit.staging,
  volume: deposit.volume ?? null,
  stored_as: deposit.storedAs ?? null,
  now: nowJson(deposit.now),
  staged_at: isoOrNull(deposit.stagedMs),
  published_at: isoOrNull(deposit.publishedMs),
  released_at: isoOrNull(deposit.releasedMs),
});

const nowJson = (now: StoredNow): Record<string, unknown> =>
  now.kind === 'member' ? { kind: 'member', volume: now.volume, stored_as: now.storedAs } : now;
