import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findPassword } from '../../../../shared/tables/targets/postgres-password.ts';
import { parsePostgresUrl } from '../../../../shared/tables/targets/postgres-url.ts';
import { tempDir } from '../../../support/temp.ts';

test('a URL says where the database is, and the environment what it leaves open', () => {
  const { host, port, user, database, tls } = parsePostgresUrl(
    'postgres://me@db.example:6000/sales%20x?sslmode=verify-full',
    {},
  );
  assert.deepEqual(
    { host, port, user, database, tls },
    { host: 'db.example', port: 6000, user: 'me', database: 'sales x', tls: 'verify-full' },
  );
  const open = parsePostgresUrl('postgresql:///', {
    PGHOST: '/run/postgresql',
    PGUSER: 'me',
    PGPORT: '7000',
  });
  assert.deepEqual(
    [open.host, open.port, open.user, open.database, open.tls],
    ['/run/postgresql', 7000, 'me', 'me', 'disable'],
  );
  assert.equal(parsePostgresUrl('postgres://me@[::1]/x', {}).host, '::1');
});

test('a URL with a password, or with what is not known, is refused without showing it', () => {
  for (const url of [
    'postgres://me:secret@h/x',
    'postgres://me@h/x?password=secret',
    'postgres://me@h/x?target=secret',
    'http://secret@h/x',
    'secret',
    'postgres:///x',
    'postgres://me@h/%zz',
    'postgres://me@h/x?sslmode=maybe',
  ])
    assert.throws(
      () => parsePostgresUrl(url, {}),
      (error: Error & { code?: string; hint?: string }) =>
        error.code === 'load.url' &&
        error.hint !== undefined &&
        !`${error.message} ${error.cause ?? ''}`.includes('secret'),
      url,
    );
});

test('the password is that of the environment, or of the first line that fits in the password file', (t) => {
  const home = tempDir(t);
  const place = parsePostgresUrl('postgres://me@db:5432/sales', {});
  assert.equal(findPassword(place, { PGPASSWORD: 'x' }, home), 'x');
  assert.throws(() => findPassword(place, {}, home), { code: 'load.no-password', trouble: 'refused' });
  const file = join(home, '.pgpass');
  writeFileSync(
    file,
    '# db:5432:sales:me:comment\nother:*:*:*:no\ndb:5432:*:me:a\\:b:c\\\\d\n*:*:*:*:last\n',
    { mode: 0o600 },
  );
  assert.equal(findPassword(place, {}, home), 'a:b:c\\d');
  assert.equal(
    findPassword(parsePostgresUrl('postgres://you@db/x', {}), { PGPASSFILE: file }, undefined),
    'last',
  );
  const socket = parsePostgresUrl('postgres://you@/x?host=/run/postgresql'.replace('you@', ''), {
    PGUSER: 'you',
  });
  assert.equal(findPassword(socket, {}, home), 'last');
  chmodSync(file, 0o640);
  assert.throws(() => findPassword(place, {}, home), { code: 'load.password-file' });
});
