import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Database from 'better-sqlite3';
import { explainStateError, openState, SCHEMA_VERSION } from '../../../shared/state/open.ts';
import { assertRefused, assertUntouched } from '../../support/queue-untouched.ts';
import { tempDir } from '../../support/temp.ts';

type Place = { directory: string; path: string };

function place(t: TestContext): Place {
  const directory = tempDir(t);
  return { directory, path: join(directory, 'state.db') };
}

function overwrite(path: string, from: number, bytes: number): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(bytes, 0xff), 0, bytes, from);
  closeSync(fd);
}

function sql(path: string, text: string): void {
  const database = new Database(path);
  database.exec(text);
  database.close();
}

const PAGE_BYTES = 4096;

/** What may lie where the state file should be; each is refused by its code, also where it is only read. */
const REFUSED: Record<string, { code: string; make(path: string): void }> = {
  'a text file': { code: 'state.foreign', make: (path) => writeFileSync(path, 'device,inode,size\n1,2,3\n') },
  'a file of one byte': { code: 'state.foreign', make: (path) => writeFileSync(path, 'S') },
  'a file shorter than the header of SQLite': {
    code: 'state.foreign',
    make: (path) => writeFileSync(path, 'SQLite'),
  },
  "another program's SQLite file": { code: 'state.foreign', make: (path) => sql(path, 'CREATE TABLE t (x)') },
  "another program's SQLite file in WAL mode": {
    code: 'state.foreign',
    make: (path) => sql(path, 'PRAGMA journal_mode = WAL; CREATE TABLE t (x)'),
  },
  "another program's SQLite file that says whose it is": {
    code: 'state.foreign',
    make: (path) => sql(path, 'PRAGMA application_id = 4711; CREATE TABLE t (x)'),
  },
  'a directory': { code: 'state.unusable', make: (path) => mkdirSync(path) },
  'a state file with a damaged header': {
    code: 'state.corrupt',
    make(path) {
      openState(path).close();
      overwrite(path, 16, 84);
    },
  },
  'a state file with a damaged first page': {
    code: 'state.corrupt',
    make(path) {
      openState(path).close();
      overwrite(path, 100, PAGE_BYTES - 100);
    },
  },
  'a state file that was cut short': {
    code: 'state.corrupt',
    make(path) {
      openState(path).close();
      truncateSync(path, PAGE_BYTES + 1_000);
    },
  },
  'a state file of a newer version': {
    code: 'state.newer',
    make(path) {
      openState(path).close();
      sql(path, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    },
  },
};

for (const [what, { code, make }] of Object.entries(REFUSED)) {
  test(`${what} is refused as ${code}, and nothing on disk is changed`, (t) => {
    const { directory, path } = place(t);
    make(path);
    for (const readonly of [false, true]) {
      assertUntouched(directory, () => assertRefused(code, path, () => openState(path, { readonly })));
    }
  });
}

test('a state file that is not there is refused when it is only to be read, and not made', (t) => {
  const { directory, path } = place(t);
  assertUntouched(directory, () =>
    assertRefused('state.missing', path, () => openState(path, { readonly: true })),
  );
});

test('a state file in a directory that is not there is refused as unusable', (t) => {
  const path = join(tempDir(t), 'no', 'state.db');
  assertRefused('state.unusable', path, () => openState(path));
});

test('a state file of an older version is brought up to date, but not when it is only to be read', (t) => {
  const { directory, path } = place(t);
  writeFileSync(path, '');
  assertUntouched(directory, () =>
    assertRefused('state.older', path, () => openState(path, { readonly: true })),
  );
  const state = openState(path);
  assert.equal(state.pragma('user_version', { simple: true }), SCHEMA_VERSION);
  state.close();
  openState(path, { readonly: true }).close();
});

test('a state file is durable at each commit and checks its references', (t) => {
  const state = openState(place(t).path);
  t.after(() => state.close());
  const pragma = (name: string) => state.pragma(name, { simple: true });
  assert.deepEqual([pragma('journal_mode'), pragma('synchronous'), pragma('foreign_keys')], ['wal', 2, 1]);
});

test('a new file that another program has locked is refused as locked', (t) => {
  const { directory, path } = place(t);
  const other = new Database(path);
  t.after(() => other.close());
  other.exec('BEGIN EXCLUSIVE');
  for (const readonly of [false, true]) {
    assertUntouched(directory, () =>
      assertRefused('state.locked', path, () => openState(path, { readonly, busyTimeoutMs: 20 })),
    );
  }
});

test('a state file that another program keeps for itself is refused as locked', (t) => {
  const { path } = place(t);
  openState(path).close();
  const other = new Database(path);
  t.after(() => other.close());
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE theirs (x)');
  for (const readonly of [false, true]) {
    assertRefused('state.locked', path, () => openState(path, { readonly, busyTimeoutMs: 20 }));
  }
});

test('a state file in which another program holds a transaction can be opened; a write is refused as locked', (t) => {
  const { path } = place(t);
  openState(path).close();
  const other = new Database(path);
  other.exec('BEGIN EXCLUSIVE');
  const state = openState(path, { busyTimeoutMs: 20 });
  t.after(() => {
    state.close();
    other.close();
  });
  assertRefused('state.locked', path, () => {
    try {
      state.exec('BEGIN IMMEDIATE');
    } catch (error) {
      throw explainStateError(error, path);
    }
  });
});

test('a state file that finds no more space is refused as full, and what was committed stays', (t) => {
  const { path } = place(t);
  const state = openState(path);
  t.after(() => state.close());
  state.pragma(`max_page_count = ${state.pragma('page_count', { simple: true })}`);
  const insert = state.prepare(
    "INSERT INTO jobs (kind, key, payload, enqueued_ms, updated_ms) VALUES ('k', ?, ?, 0, 0)",
  );
  let inserted = 0;
  assertRefused('state.full', path, () => {
    try {
      for (;;) inserted += insert.run(Buffer.from([inserted]), 'x'.repeat(500)).changes;
    } catch (error) {
      throw explainStateError(error, path);
    }
  });
  assert.equal(state.prepare('SELECT count(*) FROM jobs').pluck().get(), inserted);
});

test('what is not a failure of the state file is not explained as one', () => {
  const defect = new TypeError('x is not a function');
  assert.equal(explainStateError(defect, '/state.db'), defect);
});

test('a state file that is only read is not changed, and nothing is left beside it', (t) => {
  const { directory, path } = place(t);
  openState(path).close();
  assertUntouched(directory, () => {
    const state = openState(path, { readonly: true });
    assert.throws(() => state.exec('DELETE FROM jobs'), { code: 'SQLITE_READONLY' });
    state.close();
  });
});

/** A state file as a killed process leaves it: its one job is in the log alone. */
function asLeftByKill(t: TestContext): { path: string; log: string } {
  const { directory, path } = place(t);
  const state = openState(path);
  t.after(() => state.close());
  state.exec("INSERT INTO jobs (kind, key, enqueued_ms, updated_ms) VALUES ('k', x'61', 0, 0)");
  const left = join(directory, 'left.db');
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, left + suffix);
  return { path: left, log: `${left}-wal` };
}

const jobsIn = (path: string, readonly: boolean): unknown => {
  const state = openState(path, { readonly });
  const jobs = state.prepare('SELECT count(*) FROM jobs').pluck().get();
  state.close();
  return jobs;
};

test('a state file as a killed process leaves it has all that was committed', (t) => {
  assert.equal(jobsIn(asLeftByKill(t).path, false), 1);
});

test('a state file as a killed process leaves it is read, and neither it nor its log is changed', (t) => {
  const { path, log } = asLeftByKill(t);
  const before = [readFileSync(path), readFileSync(log)];
  assert.equal(jobsIn(path, true), 1);
  assert.deepEqual([readFileSync(path), readFileSync(log)], before);
});
