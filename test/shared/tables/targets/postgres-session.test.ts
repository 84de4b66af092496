import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { PostgresSession } from '../../../../shared/tables/targets/postgres-session.ts';
import { parsePostgresUrl } from '../../../../shared/tables/targets/postgres-url.ts';
import { needsPostgres, postgresOfFile } from '../../../support/postgres.ts';
import { tempDir } from '../../../support/temp.ts';

const server = postgresOfFile();
const needsTls = {
  skip:
    needsPostgres.skip ||
    (spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'),
};

/** What the server says of a connection that is made with this URL. */
async function isEncrypted(query: string, host = 'localhost'): Promise<boolean> {
  const place = parsePostgresUrl(`postgres://wharf@${host}:${server().port}/postgres?${query}`, {});
  const session = await PostgresSession.open(place, () => server().env.PGPASSWORD);
  try {
    const [found] = await session.run<{ ssl: boolean }>(
      'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
    );
    return found?.ssl === true;
  } finally {
    await session.close();
  }
}

test('a connection is encrypted, and the server checked, as sslmode says', needsTls, async (t) => {
  assert.equal(await isEncrypted('sslmode=prefer'), false);
  await server().query(
    `COPY (SELECT) TO PROGRAM 'openssl req -x509 -newkey rsa:2048 -days 2 -nodes -subj /CN=localhost
    -addext subjectAltName=DNS:localhost -keyout server.key -out server.crt 2>&1 && chmod 600 server.key'`.replaceAll(
      /\n\s*/g,
      ' ',
    ),
  );
  await server().query('ALTER SYSTEM SET ssl = on');
  await server().stop();
  await server().start();
  const [read] = await server().query("SELECT pg_read_file('server.crt') AS certificate");
  const authority = join(tempDir(t), 'authority.crt');
  writeFileSync(authority, String(read?.certificate));

  assert.equal(await isEncrypted(''), true);
  assert.equal(await isEncrypted('sslmode=disable'), false);
  assert.equal(await isEncrypted('sslmode=require'), true);
  assert.equal(await isEncrypted(`sslmode=verify-full&sslrootcert=${authority}`), true);
  assert.equal(await isEncrypted(`sslmode=verify-ca&sslrootcert=${authority}`, '127.0.0.1'), true);
  const untrusted = { code: 'load.certificate', trouble: 'refused' };
  await assert.rejects(isEncrypted('sslmode=verify-full'), untrusted);
  await assert.rejects(isEncrypted('sslmode=verify-ca'), untrusted);
  await assert.rejects(isEncrypted(`sslmode=verify-full&sslrootcert=${authority}`, '127.0.0.1'), untrusted);
  await assert.rejects(isEncrypted('sslmode=require&sslrootcert=/nowhere'), { code: 'load.url' });
});

test('a signal that is aborted already, or while it connects, ends the attempt', needsPostgres, async () => {
  const reason = new Error('enough');
  const place = parsePostgresUrl(server().url, {});
  const password = () => server().env.PGPASSWORD;
  await assert.rejects(PostgresSession.open(place, password, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const abort = () => {
    controller.abort(reason);
    return password();
  };
  await assert.rejects(PostgresSession.open(place, abort, controller.signal), reason);
});

test('what the server ended while nobody looked is known at the next use', needsPostgres, async (t) => {
  const session = await PostgresSession.open(
    parsePostgresUrl(server().url, {}),
    () => server().env.PGPASSWORD,
  );
  t.after(() => session.close());
  const [found] = await session.run<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await server().query('SELECT pg_terminate_backend($1)', [found?.pid]);
  await assert.rejects(
    session.run('SELECT 1'),
    (error: Error & { code?: string }) => error.code === '57P01' || error.code === 'load.away',
  );
  assert.equal(session.isUsable, false);
  await assert.rejects(session.run('SELECT 1'), { code: 'load.away', trouble: 'away' });
});
