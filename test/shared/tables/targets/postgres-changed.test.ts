import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { loadOf, PostgresLab, SCHEMA } from './postgres-lab.ts';
import { stranger, troubleOf, waits } from './postgres-others.ts';

const server = postgresOfFile();
const TEXT = 'id,name\n1,Ann\n2,Bob\n';

test(
  'of two that add a column at once with two types the second does not write into that of the first',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    await target.load(loadOf([await lab.file('id,name\n7,Eve\n')]));
    const other = await stranger(t, lab);
    await other.query('BEGIN');
    await other.query('ALTER TABLE people ADD COLUMN x date');
    const added = [{ name: 'x', type: 'TIMESTAMP' }];
    const text = 'id,name,x\n1,Ann,2024-01-01 12:00:00\n';
    const file = await lab.file(text, { added });
    const loading = target.load(loadOf([file]));
    await waits(lab);
    await other.query('COMMIT');
    const { message } = await troubleOf(loading, 'away', 'load.table-changed');
    assert.match(message, /its column x is date, and files have timestamp/);
    // Whoever was matched before and comes only now has to be matched again, too.
    await troubleOf(target.load(loadOf([file])), 'away', 'load.table-changed');
    assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '1' }]);

    const schema = { ...SCHEMA, columns: (await target.describe('people')) ?? [] };
    const again = await lab.file(`${text}2,Bob,2024-01-02\n`, { schema });
    assert.deepEqual((await target.load(loadOf([again], { schema }))).loaded, [
      { fileId: 3, rows: 1, rejects: 1 },
    ]);
    assert.deepEqual(await lab.query('SELECT id, x::text FROM people ORDER BY id'), [
      { id: '2', x: '2024-01-02' },
      { id: '7', x: null },
    ]);
  },
);

test(
  'columns that are described to nobody are refused, since a retry would find them again',
  needsPostgres,
  async (t) => {
    const lab = await PostgresLab.open(t, server());
    const target = await lab.target();
    await lab.query(
      'CREATE TABLE people (id bigint, name text, x date GENERATED ALWAYS AS (NULL) STORED, _line date)',
    );
    const added = [{ name: 'x', type: 'DATE' }];
    const file = await lab.file('id,name,x\n1,Ann,2024-01-01\n', { added });
    const { message } = await troubleOf(target.load(loadOf([file])), 'refused', 'load.table-changed');
    assert.match(message, /its column x is generated/);
    const traced = target.load(loadOf([await lab.file(TEXT)], { lineage: true }));
    assert.match(
      (await troubleOf(traced, 'refused', 'load.table-changed')).message,
      /its column _line is date/,
    );
  },
);

for (const key of [[], ['id']])
  test(
    `a type that is changed while a load waits for its content is seen, with ${key.length} columns in the key`,
    needsPostgres,
    async (t) => {
      const lab = await PostgresLab.open(t, server());
      const target = await lab.target();
      const schema = { ...SCHEMA, key, columns: [...SCHEMA.columns, { name: 'at', type: 'TIMESTAMP' }] };
      await target.load(loadOf([await lab.file('id,name,at\n7,Eve,\n', { schema })], { schema }));
      const file = await lab.file('id,name,at\n1,Ann,2024-01-01 12:00:00\n', { schema });
      const other = await stranger(t, lab);
      await other.query('BEGIN');
      await other.query(
        "INSERT INTO wharfinger_loads (table_name, sha256, file_id, file_name, task_id, rows, rejects) VALUES ('people', $1, 77, 'x', 1, 2, 3)",
        [file.csv.audit.sha256],
      );
      const loading = target.load(loadOf([file], { schema }));
      await waits(lab);
      const changer = await stranger(t, lab);
      await changer.query('BEGIN; ALTER TABLE people ALTER COLUMN at TYPE date');
      await other.query('ROLLBACK');
      await waits(lab, 'relation');
      await changer.query('COMMIT');
      await troubleOf(loading, 'away', 'load.table-changed');
      // From the start it is another type: that a person has to mend.
      await troubleOf(target.load(loadOf([file], { schema })), 'refused', 'load.table-changed');
      assert.deepEqual(await lab.query('SELECT count(*) FROM people'), [{ count: '1' }]);
    },
  );

test('several with a key load into one table at once', needsPostgres, async (t) => {
  const lab = await PostgresLab.open(t, server());
  const schema = { ...SCHEMA, key: ['id'] };
  const targets = await Promise.all([1, 2, 3, 4].map(() => lab.target()));
  await targets[0]?.load(loadOf([await lab.file('id,name\n0,Eve\n')], { schema }));
  const files = await Promise.all(targets.map((_, at) => lab.file(`id,name\n${at + 1},Ann\n`)));
  const loads = targets.map((target, at) => target.load(loadOf(files.slice(at, at + 1), { schema })));
  assert.deepEqual(
    (await Promise.all(loads)).map(({ loaded }) => loaded[0]?.rows),
    [1, 1, 1, 1],
  );
});
