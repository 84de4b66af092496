import assert from 'node:assert/strict';
import { once } from 'node:events';
import { unlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { created } from '../crash/scenarios.ts';
import { Granary, TABLE } from '../support/granary.ts';
import { needsPostgres, postgresOfFile } from '../support/postgres.ts';
import { postgresPlace } from '../support/table-places.ts';

const server = postgresOfFile();

test(
  'while the database is down tasks wait, are charged for it, and go on by themselves',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    const granary = new Granary(t, () => place);
    granary.drop('before.csv', 0, 20);
    await using program = granary.run();
    await program.waitFor('worker.started');
    await granary.until('the first is loaded', () => granary.loaded() === 1);
    await server().stop();
    for (let n = 1; n <= 4; n++) granary.drop(`meanwhile-${n}.csv`, n * 100, 20);
    const { reason } = await program.waitFor('load.waiting');
    assert.match(String(reason), /^the server cannot be reached \(.*127\.0\.0\.1:\d+.*\): ECONNREFUSED/);
    await granary.until('a task has waited twice', () =>
      granary.jobs().some(({ attempts }) => attempts >= 2),
    );
    const listed = await granary.command('load', 'list', '--json');
    assert.match(listed.stdout, /"reason":"the server cannot be reached/);
    const noted = await granary.command('verify');
    assert.equal(noted.code, 0, noted.stdout);
    assert.match(noted.stdout, /^note: .* its loads were not compared: the server cannot be reached/m);
    await server().start();
    await granary.until('all is loaded', () => granary.loaded() === 5);
    assert.equal((await program.stop()).code, 0);
    await granary.assertAllLoadedOnce();
  },
);

for (const point of ['load.in-transaction', 'load.before-commit', 'load.committed'] as const)
  test(
    `a database that is killed at ${point} has each row once when it is back`,
    needsPostgres,
    async (t) => {
      const place = await postgresPlace(server());
      const granary = new Granary(t, () => place);
      for (let n = 0; n < 4; n++) granary.drop(`f${n}.csv`, n * 100, 20);
      const pauseFile = join(granary.root, 'paused');
      await using program = granary.run({ WHARFINGER_PAUSE_AT: point, WHARFINGER_PAUSE_FILE: pauseFile });
      await created(granary.root, pauseFile);
      await server().kill();
      unlinkSync(pauseFile);
      if (point !== 'load.committed') await program.waitFor('load.waiting');
      await server().start();
      await granary.until('all is loaded', () => granary.loaded() === 4);
      assert.equal((await program.stop()).code, 0);
      await granary.assertAllLoadedOnce();
    },
  );

test('a table that another session has locked is loaded into once it is free', needsPostgres, async (t) => {
  const place = await postgresPlace(server());
  const granary = new Granary(t, () => place);
  granary.drop('first.csv', 0, 20);
  assert.equal((await granary.once()).code, 0);
  const { port, env } = server();
  const options = { host: '127.0.0.1', port, user: 'wharf', password: env.PGPASSWORD };
  const other = new pg.Client({ ...options, database: place.database });
  await other.connect();
  t.after(() => other.end());
  await other.query(`BEGIN; LOCK TABLE ${TABLE} IN ACCESS EXCLUSIVE MODE`);
  granary.drop('second.csv', 100, 20);
  await using program = granary.run();
  while ((await place.ask('SELECT 1 FROM pg_locks WHERE NOT granted')).length === 0);
  assert.equal(granary.loaded(), 1);
  await other.query('COMMIT');
  await granary.until('all is loaded', () => granary.loaded() === 2);
  assert.equal((await program.stop()).code, 0);
  await granary.assertAllLoadedOnce();
});

test(
  'a table that was dropped fails its tasks with that reason, and is not made anew',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    const granary = new Granary(t, () => place);
    granary.drop('first.csv', 0, 20);
    assert.equal((await granary.once()).code, 0);
    await server().query(`ALTER TABLE ${TABLE} RENAME TO away`, [], place.database);
    granary.drop('second.csv', 100, 20);
    const failed = await granary.once();
    assert.equal(failed.code, 3, failed.stderr);
    const [, task] = granary.tasks();
    assert.equal(task?.status, 'FAILED');
    assert.match(
      String(task?.failure_msg),
      /^the table public\.grain is gone, and wharfinger_loads says that files were loaded into it; restore it, or load into a table of another name/,
    );
    const verified = await granary.command('verify');
    assert.equal(verified.code, 4);
    assert.match(verified.stdout, /^missing-table .* files were loaded into it, and it is not there$/m);
    await server().query(`ALTER TABLE away RENAME TO ${TABLE}`, [], place.database);
    assert.equal((await granary.command('load', 'retry', '--failed')).code, 0);
    assert.equal((await granary.once()).code, 0);
    await granary.assertAllLoadedOnce();
  },
);

test(
  'a password that the server refuses fails the tasks at once, is shown nowhere, and is mended by a retry',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    const granary = new Granary(t, () => place);
    granary.drop('first.csv', 0, 20);
    const failed = await granary.once({ PGPASSWORD: 'not the right one' });
    assert.equal(failed.code, 3, failed.stderr);
    const [task] = granary.tasks();
    assert.equal(task?.status, 'FAILED');
    assert.match(
      String(task?.failure_msg),
      /^the server does not let this user in \(.*\): password authentication failed for user "wharf"; check the user/,
    );
    const shown = await granary.command('load', 'show', String(task?.id));
    for (const text of [failed.stderr, shown.stdout, String(task?.failure_msg)])
      assert.ok(!text.includes('not the right one'));
    assert.equal((await granary.command('load', 'retry', '--failed')).code, 0);
    assert.equal((await granary.once()).code, 0);
    await granary.assertAllLoadedOnce();
  },
);

/** A way to the server that is cut at the answer to the first commit of rows. */
async function startLossyWay(t: TestContext, port: number): Promise<{ port: number; lost(): boolean }> {
  let isLost = false;
  const way = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    let hasCopied = false;
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('data', (bytes) => {
      hasCopied ||= bytes.includes('FROM STDIN');
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      if (hasCopied && !isLost && bytes.includes('COMMIT\0')) {
        isLost = true;
        client.destroy();
        upstream.destroy();
      } else client.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  }).listen(0, '127.0.0.1');
  await once(way, 'listening');
  t.after(() => way.close());
  const address = way.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port, lost: () => isLost };
}

test(
  'rows that were committed, and whose worker never heard of it, are there once',
  needsPostgres,
  async (t) => {
    const place = await postgresPlace(server());
    const way = await startLossyWay(t, server().port);
    const target = place.target.replace(`:${server().port}/`, `:${way.port}/`);
    const granary = new Granary(t, () => ({ ...place, target }));
    for (let n = 0; n < 4; n++) granary.drop(`f${n}.csv`, n * 100, 20);
    await using program = granary.run();
    const { reason } = await program.waitFor('load.waiting');
    assert.ok(way.lost(), String(reason));
    await granary.until('all is loaded', () => granary.loaded() === 4);
    assert.equal((await program.stop()).code, 0);
    await granary.assertAllLoadedOnce();
  },
);
