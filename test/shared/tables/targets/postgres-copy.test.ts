import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { copyRows } from '../../../../shared/tables/targets/postgres-copy.ts';
import { PostgresSession } from '../../../../shared/tables/targets/postgres-session.ts';
import { parsePostgresUrl } from '../../../../shared/tables/targets/postgres-url.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { tempDir } from '../../../support/temp.ts';

const server = postgresOfFile();
const COLUMNS = [
  { name: 'n', type: 'BIGINT' },
  { name: 'Te"xt', type: 'VARCHAR' },
];

async function setUp(t: TestContext) {
  const { url } = await server().makeDatabase();
  const session = await PostgresSession.open(parsePostgresUrl(url, {}), () => server().env.PGPASSWORD);
  t.after(() => session.close());
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '256MB' });
  const duck: DuckDBConnection = await instance.connect();
  t.after(() => {
    duck.closeSync();
    instance.closeSync();
  });
  await session.run('CREATE TABLE t (n bigint, "Te""xt" text)');
  const scratch = tempDir(t);
  const copy = (select: string, into = 't') =>
    copyRows(session, duck, { select, columns: COLUMNS, into, scratch });
  return { session, duck, scratch, copy };
}

/** With all that CSV and COPY give a meaning to. */
const oddText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '"',
      '""',
      ',',
      '\n',
      '\r',
      '\r\n',
      '\\',
      '\\.',
      '\\N',
      '\\.\n',
      ' ',
      'NULL',
      'NA',
      '\t',
      "'",
    ),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }).filter((text) => !text.includes('\0')),
  ),
  maxLength: 6,
});

test('any text and any NULL arrives as it was', needsPostgres, async (t) => {
  const { session, duck, copy } = await setUp(t);
  await duck.run('CREATE TABLE given (n BIGINT, "Te""xt" VARCHAR)');
  const rows = fc.array(fc.option(oddText), { minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(rows, async (texts) => {
      await duck.run('DELETE FROM given');
      await session.run('TRUNCATE t');
      const appender = await duck.createAppender('given');
      for (const [n, text] of texts.entries()) {
        appender.appendBigInt(BigInt(n));
        if (text === null) appender.appendNull();
        else appender.appendVarchar(text);
        appender.endRow();
      }
      appender.closeSync();
      assert.equal(await copy('SELECT * FROM given'), texts.length);
      const arrived = await session.run<{ text: string | null }>('SELECT "Te""xt" AS text FROM t ORDER BY n');
      assert.deepEqual(
        arrived.map(({ text }) => text),
        texts,
      );
    }),
    { numRuns: 40 },
  );
});

test('no rows are none', needsPostgres, async (t) => {
  const { copy } = await setUp(t);
  assert.equal(await copy(`SELECT 1::BIGINT AS n, 'x' AS "Te""xt" WHERE false`), 0);
});

test('what DuckDB cannot read is what is thrown, and the connection can go on', needsPostgres, async (t) => {
  const { session, scratch, copy } = await setUp(t);
  await session.run('BEGIN');
  await assert.rejects(copy('SELECT nothing FROM nowhere'), /Catalog Error.*nowhere/);
  await session.run('ROLLBACK; BEGIN');
  const amid = `SELECT CASE WHEN i = 900000 THEN error('amid') ELSE i END AS n, 'x' AS "Te""xt" FROM range(1000000) AS r (i)`;
  await assert.rejects(copy(amid), /amid/);
  await session.run('ROLLBACK');
  assert.deepEqual(await session.run('SELECT * FROM t'), []);
  assert.equal(await copy(`SELECT 1::BIGINT AS n, 'x' AS "Te""xt"`), 1);
  assert.deepEqual(readdirSync(scratch), []);
});

test('what the server refuses is what is thrown, and both can go on', needsPostgres, async (t) => {
  const { session, copy } = await setUp(t);
  const many = `SELECT i AS n, 'x' AS "Te""xt" FROM range(1000000) AS r (i)`;
  await assert.rejects(copy(many, 'nowhere'), { code: '42P01' });
  await session.run('ALTER TABLE t ADD CHECK (n <> 5000)');
  await assert.rejects(copy(many), { code: '23514' });
  await session.run(
    'CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); END$$',
  );
  await session.run('CREATE TRIGGER dies BEFORE INSERT ON t EXECUTE FUNCTION dies()');
  await assert.rejects(copy(many), { code: '57P01' });
  assert.equal(session.isUsable, false);
});

test('an abort ends it amid the rows', needsPostgres, async (t) => {
  const { session, copy } = await setUp(t);
  const controller = new AbortController();
  const many = `SELECT i AS n, 'x' AS "Te""xt" FROM range(100000000000) AS r (i)`;
  const copying = session.during(controller.signal, () => copy(many));
  const bytesOf = async () => {
    const rows = await server().query('SELECT bytes_processed AS bytes FROM pg_stat_progress_copy');
    return Number(rows[0]?.bytes ?? 0);
  };
  while ((await bytesOf()) === 0);
  controller.abort(new Error('enough'));
  await assert.rejects(copying, { message: 'enough' });
});
