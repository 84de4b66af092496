import assert from 'node:assert/strict';

/** What nobody infers: the first file of a table may be any. */
export const GRAIN_SCHEMA = { columns: { id: 'BIGINT', amount: 'BIGINT', note: 'VARCHAR' }, null: ['NA'] };

/** A file, its rows as `LINE` shows them, and those of its cells that are to be rejected. */
export type Grain = { content: string; rows: string[]; rejects: string[] };

/** A row as one text, in DuckDB and PostgreSQL. */
export const LINE = "concat(id, '|', coalesce(cast(amount AS varchar), '-'), '|', note)";

/** A file of `count` rows, from `first` on. Of each seventeen one is to be rejected; some are of two lines, some have no amount. */
export function grainOf(name: string, first: number, count: number): Grain {
  const rows: string[] = [];
  const rejects: string[] = [];
  const lines = Array.from({ length: count }, (_, index) => {
    const id = first + index;
    const amount = id % 17 === 0 ? 'many' : id % 5 === 0 ? 'NA' : String(id * 7);
    const note = id % 3 === 0 ? `, ${id} "quoted"\nin two lines` : `note ${id}`;
    if (amount === 'many') rejects.push(`${name}|amount|many`);
    else rows.push(`${id}|${amount === 'NA' ? '-' : amount}|${note}`);
    return `${id},${amount},${id % 3 === 0 ? `"${note.replaceAll('"', '""')}"` : note}`;
  });
  const content = `id,amount,note\n${lines.join('\n')}\n`;
  return { content, rows, rejects };
}

/** Compares as multisets, and shows only what differs. */
export function assertSame(found: readonly string[], expected: readonly string[], what: string): void {
  const left = new Map<string, number>();
  for (const one of expected) left.set(one, (left.get(one) ?? 0) + 1);
  for (const one of found) left.set(one, (left.get(one) ?? 0) - 1);
  const missing = [...left].filter(([, count]) => count > 0);
  const surplus = [...left].filter(([, count]) => count < 0);
  const summary = { missing: missing.slice(0, 5), surplus: surplus.slice(0, 5) };
  assert.deepEqual(summary, { missing: [], surplus: [] }, `${what}: ${found.length} of ${expected.length}`);
}
