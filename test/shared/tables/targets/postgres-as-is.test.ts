import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FileToLoad, TableSchema } from '../../../../shared/tables/contract.ts';
import { groupsAsIs } from '../../../../shared/tables/targets/postgres-as-is.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { PostgresLab } from './postgres-lab.ts';
import { HEADER, NUMBERS, relationOf, STORED } from './postgres-numbers.ts';

const server = postgresOfFile();

/** Ids of the files of each group. */
const groupsOf = (files: readonly FileToLoad[], schema = NUMBERS, relation = relationOf()) =>
  groupsAsIs(files, schema, relation).map((group) => ({
    ids: group.files.map(({ fileId }) => fileId),
    nullWord: group.nullWord,
  }));

test(
  'files of numbers and days are sent as they are, those with one order of columns, word and line end together',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const file = (text: string) => lab.file(text, { schema: NUMBERS });
    const files = [
      await file(`${HEADER}\n1,2,3,4,.5,2024-01-31\n`),
      await file(`${HEADER}\n1,NA,3,-4,5.,2024-01-31\n`),
      await file(`${HEADER}\n1,,3,4,0.5,2024-01-31\n`),
      await file(`${HEADER}\r\n1,2,3,4,5,2024-01-31`),
      await file('c4,c3,c2,c1,c0,id\n2024-01-31,1,2,3,4,"5"'),
    ];
    assert.deepEqual(groupsOf(files), [
      { ids: [1, 2], nullWord: 'NA' },
      { ids: [3], nullWord: '' },
      { ids: [4], nullWord: 'NA' },
      { ids: [5], nullWord: 'NA' },
    ]);
  },
);

test('what the server might read otherwise, or could not, is not sent as it is', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const good = '1,2,3,4,5,2024-01-31';
  const asIs = async (text: string, schema = NUMBERS, relation = relationOf(STORED, schema)) =>
    groupsOf([await lab.file(text, { schema })], schema, relation).length === 1;
  assert.equal(await asIs(`${HEADER}\n${good}\n`), true);

  for (const text of [
    `${HEADER}\n1,2,3,4,1e5,2024-01-31\n`,
    `${HEADER}\n1,2,3,4,5,2024-1-31\n`,
    `${HEADER}\n1,2,3,4,5,20240131\n`,
    `${HEADER}\n1,2.0,3,4,5,2024-01-31\n`,
    `${HEADER}\n1,2,3,4,${'9'.repeat(300)},2024-01-31\n`,
    // Two words for NULL, of which the server knows one.
    `${HEADER}\n1,NA,,4,5,2024-01-31\n`,
    `${HEADER}\n${good}\n\n2${good}\n`,
    `${HEADER}\r${good}\r`,
    // A column that is left out, or is in no file, or is new.
    `id,c0,c1,c2,c3\n1,2,3,4,5\n`,
  ])
    assert.equal(await asIs(text), false, JSON.stringify(text));

  const nulls = (...words: string[]): TableSchema => ({ ...NUMBERS, nulls: words });
  const empty = `${HEADER}\n1,,3,4,5,2024-01-31\n`;
  assert.equal(await asIs(empty, nulls('NA')), false, 'nothing is not NULL');
  assert.equal(await asIs(empty, nulls('')), true);
  assert.equal(await asIs(`${HEADER}\n${good}\n`, nulls('-999')), false, 'a number that means NULL');
  assert.equal(await asIs(`${HEADER}\n1,-,3,4,5,2024-01-31\n`, nulls('-')), true);
  for (const dialect of [
    { delimiter: '\\', quote: '"' },
    { delimiter: '/', quote: 'N' },
  ])
    assert.equal(
      await asIs(`${HEADER}\n${good}\n`.replaceAll(',', dialect.delimiter), { ...nulls('n/a'), dialect }),
      false,
      'what cannot be said to the server',
    );
  assert.equal(await asIs(`${HEADER}\n1,\\N,3,4,5,2024-01-31\n`, nulls('\\N')), false);

  for (const [at, type] of ['bigint', 'bigint', 'numeric(20,0)', 'text', 'text'].entries()) {
    const stored = STORED.with(at, type);
    assert.equal(await asIs(`${HEADER}\n${good}\n`, NUMBERS, relationOf(stored)), false, type);
  }
  const dated: TableSchema = { ...NUMBERS, dateFormat: '%d.%m.%Y' };
  assert.equal(await asIs(`${HEADER}\n${good}\n`, dated), false);
  const file = await lab.file(`${HEADER},new\n${good},7\n`, {
    schema: NUMBERS,
    added: [{ name: 'new', type: 'BIGINT' }],
  });
  assert.deepEqual(groupsOf([file]), []);
});
