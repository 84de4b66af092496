import type { TableSchema } from '../../../../shared/tables/contract.ts';
import type { Relation } from '../../../../shared/tables/targets/postgres-relation.ts';
import { SCHEMA } from './postgres-lab.ts';

export const TYPES = ['SMALLINT', 'INTEGER', 'BIGINT', 'DOUBLE', 'DATE'];
/** What the server stores for them. */
export const STORED = ['smallint', 'integer', 'bigint', 'double precision', 'date'];
export const NUMBERS: TableSchema = {
  ...SCHEMA,
  columns: [{ name: 'id', type: 'BIGINT' }, ...TYPES.map((type, at) => ({ name: `c${at}`, type }))],
};

/** A table of these, whose columns but the first have such types. */
export const relationOf = (stored: readonly string[] = STORED, schema = NUMBERS): Relation => ({
  schema: 'public',
  name: 'people',
  sql: 'public.people',
  hasRecords: true,
  columns: schema.columns.map(({ name }, at) => {
    const type = at === 0 ? 'bigint' : (stored[at - 1] ?? '');
    return { name, type, stored: type, isGenerated: false };
  }),
});

export const HEADER = 'id,c0,c1,c2,c3,c4';
