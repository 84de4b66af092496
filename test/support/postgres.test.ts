import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsPostgres, startPostgres } from './postgres.ts';

test('a server of a test is durable, and comes back with what was committed', needsPostgres, async (t) => {
  const server = await startPostgres(t);
  assert.deepEqual(await server.query('SHOW fsync'), [{ fsync: 'on' }]);
  const { database } = await server.makeDatabase();
  await server.query('CREATE TABLE t (a int)', [], database);
  await server.query('INSERT INTO t VALUES (1)', [], database);

  await server.kill();
  await assert.rejects(server.query('SELECT 1'), { code: 'ECONNREFUSED' });
  await server.start();

  assert.deepEqual(await server.query('SELECT a FROM t', [], database), [{ a: 1 }]);
  await server.stop();
  await server.stop();
});
