import type { State } from '../../state/open.ts';

/** Each kind that has jobs, by one step in an index a kind. */
export function kindsOf(state: State): string[] {
  const next = state.prepare<[string], { kind: string }>(
    'SELECT kind FROM jobs WHERE kind > ? ORDER BY kind LIMIT 1',
  );
  const kinds: string[] = [];
  for (let row = next.get(''); row !== undefined; row = next.get(row.kind)) kinds.push(row.kind);
  return kinds;
}
