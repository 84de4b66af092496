import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDuckDB } from '../../../../shared/tables/engine/instance.ts';
import { toldBy } from '../../../../shared/tables/engine/messages.ts';
import { TargetError } from '../../../../shared/tables/errors.ts';
import { tempDir } from '../../../support/temp.ts';

const open = (directory: string, path: string) =>
  openDuckDB({ path, threads: 1, memoryMiB: 128, scratch: join(directory, 'scratch') });

async function troubleOf(opening: Promise<unknown>): Promise<[string, string, string]> {
  const error = await opening.then(
    () => assert.fail('it was opened'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof TargetError, String(error));
  assert.ok(error.trouble !== 'refused' || error.hint !== undefined);
  return [error.trouble, error.code, error.message];
}

test('what is written is there after closing, which may be done twice', async (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'a.db');
  const first = await open(directory, path);
  await first.connection.run('CREATE TABLE t AS SELECT 1 AS x');
  first.close();
  first.close();
  const second = await open(directory, path);
  t.after(() => second.close());
  assert.deepEqual((await second.connection.runAndReadAll('FROM t')).getRows(), [[1]]);
});

test('a file that another process has open is busy, and the process is named', async (t) => {
  const directory = tempDir(t);
  const path = join(directory, 'a.db');
  const module = new URL('../../../../shared/tables/engine/instance.ts', import.meta.url).href;
  const script = `const { openDuckDB } = await import(${JSON.stringify(module)});
    globalThis.held = await openDuckDB(${JSON.stringify({ path, threads: 1, memoryMiB: 128, scratch: directory })});
    console.log('open'); process.stdin.resume().on('end', () => process.exit());`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => holder.kill());
  await once(holder.stdout, 'data');
  assert.deepEqual(await troubleOf(open(directory, path)), [
    'busy',
    'load.target-busy',
    `${path}: process ${holder.pid} has it open`,
  ]);
  holder.stdin.end();
  await once(holder, 'exit');
  (await open(directory, path)).close();
});

test('what is no database, is damaged, or cannot be there is refused', async (t) => {
  const directory = tempDir(t);
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('junk.db'), 'no database at all, '.repeat(1000));
  writeFileSync(path('empty.db'), '');
  (await open(directory, path('good.db'))).close();
  const bytes = readFileSync(path('good.db'));
  bytes[100] = (bytes[100] ?? 0) ^ 0xff;
  writeFileSync(path('damaged.db'), bytes);
  mkdirSync(path('directory.db'));

  const codeOf = async (name: string): Promise<string> => {
    const [trouble, code] = await troubleOf(open(directory, path(name)));
    assert.equal(trouble, 'refused');
    return code;
  };
  assert.equal(await codeOf('junk.db'), 'load.target-no-database');
  assert.equal(await codeOf('empty.db'), 'load.target-no-database');
  assert.equal(await codeOf('damaged.db'), 'load.target-corrupt');
  assert.equal(await codeOf('directory.db'), 'load.target-path');
  assert.equal(await codeOf('missing/a.db'), 'load.target-path');
});

test('a disk without space is away', async (t) => {
  const directory = tempDir(t);
  assert.deepEqual((await troubleOf(open(directory, '/dev/full'))).slice(0, 2), ['away', 'load.target-full']);
});

test('memory and scratch that end are away', async (t) => {
  const directory = tempDir(t);
  const { connection, close } = await open(directory, ':memory:');
  t.after(close);
  await connection.run("SET memory_limit = '20MiB'; SET max_temp_directory_size = '1MiB'");
  const failure = await connection
    .run('CREATE TABLE x AS SELECT hash(i), hash(i + 1) FROM range(9000000) t(i)')
    .then(
      () => assert.fail('there was room'),
      (error: unknown) => error,
    );
  assert.ok(failure instanceof Error);
  assert.equal(toldBy(failure.message)?.trouble, 'away', failure.message);
});

test('no extension is fetched', async (t) => {
  const directory = tempDir(t);
  const { connection, close } = await open(directory, ':memory:');
  t.after(close);
  const settings = await connection.runAndReadAll(
    "SELECT current_setting('autoinstall_known_extensions'), current_setting('autoload_known_extensions'), current_setting('TimeZone')",
  );
  assert.deepEqual(settings.getRows(), [[false, false, 'UTC']]);
});

test('a message of an error that is none of these tells nothing', () => {
  assert.equal(toldBy('Constraint Error: Duplicate key "a: 1" violates primary key constraint.'), undefined);
  assert.equal(toldBy('Conversion Error: Could not convert string "x" to INT64'), undefined);
  assert.deepEqual(
    toldBy('IO Error: Could not write file "/data/x.db": No space left on device')?.trouble,
    'away',
  );
  assert.deepEqual(
    toldBy(
      'IO Error: Trying to read a database file with version number 99, but we can only read versions between 64 and 67.',
    )?.code,
    'load.target-version',
  );
  assert.deepEqual(
    toldBy('IO Error: Cannot open file "/x/a.db": Permission denied')?.code,
    'load.target-path',
  );
  assert.deepEqual(
    toldBy('IO Error: Could not read from file "/x/a.db": Input/output error')?.code,
    'load.target-io',
  );
});
