import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Content, Contents } from '../../../shared/tables/contents.ts';
import { Publications } from '../../../shared/tables/publications.ts';
import { makeState } from '../../support/state.ts';

const PEOPLE = { target: '/tables', table: 'people' };

const content = (fields: Partial<Content> = {}) => ({
  sha256: 'ab'.repeat(32),
  taskId: 1,
  rows: 3,
  rejects: 1,
  file: 'ingest_date=2024-11-02/part-1-0.parquet',
  ...fields,
});

function setUp(t: TestContext) {
  const { state } = makeState(t);
  return { state, contents: new Contents(state) };
}

test('a content is being published until it is said to be there, and gone where it is withdrawn', (t) => {
  const { contents } = setUp(t);
  contents.add(PEOPLE, content());
  assert.deepEqual(contents.of(PEOPLE, content().sha256), { ...content(), isPublished: false });
  assert.equal(contents.hasPublished(PEOPLE), false);
  assert.deepEqual([...contents.published(PEOPLE)], []);
  contents.withdraw(1);
  assert.equal(contents.of(PEOPLE, content().sha256), undefined);
  contents.add(PEOPLE, content());
  contents.publish(1);
  contents.withdraw(1);
  assert.deepEqual(contents.of(PEOPLE, content().sha256), { ...content(), isPublished: true });
  assert.equal(contents.hasPublished(PEOPLE), true);
});

test('a table has a content once, and each table of each target by itself', (t) => {
  const { contents } = setUp(t);
  contents.add(PEOPLE, content());
  assert.throws(() => contents.add(PEOPLE, content({ taskId: 2 })), { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
  contents.add({ ...PEOPLE, table: 'others' }, content({ taskId: 2 }));
  contents.add({ ...PEOPLE, target: '/elsewhere' }, content({ taskId: 3 }));
  contents.publish(2);
  assert.equal(contents.hasPublished(PEOPLE), false);
  assert.equal(contents.hasPublished({ ...PEOPLE, table: 'others' }), true);
  assert.deepEqual(
    ['/tables', '/elsewhere', '/nowhere'].map((target) => contents.knows(target)),
    [true, true, false],
  );
});

test('all that is there is given, however much, and others may write meanwhile', (t) => {
  const { state, contents } = setUp(t);
  const count = 2500;
  state.transaction(() => {
    for (let number = 0; number < count; number += 1) {
      contents.add(PEOPLE, content({ sha256: number.toString(16).padStart(64, '0') }));
    }
    contents.publish(1);
  })();
  const seen = new Set<string>();
  for (const { sha256 } of contents.published(PEOPLE)) {
    seen.add(sha256);
    if (seen.size === 10) contents.add(PEOPLE, content({ taskId: 2 }));
  }
  assert.equal(seen.size, count);
});

test('a content has the name of the file that its task loaded', (t) => {
  const { state, contents } = setUp(t);
  addTask(state);
  state.exec(`
    INSERT INTO scanner (id, file_name, file_modified_time, size_in_bytes, created_time, modified_time, status, sink_id, path, mtime_ns, ingest_date, sha256)
      VALUES (7, '/in/a.csv', '2024-11-02', 5, '2024-11-02', '2024-11-02', 'SENT_FOR_ETL', 1, x'61', 0, '2024-11-02', x'${content().sha256}');
    INSERT INTO load_task_files (file_id, task_id) VALUES (7, 1)`);
  contents.add(PEOPLE, content());
  contents.add(PEOPLE, content({ sha256: 'cd'.repeat(32) }));
  contents.publish(1);
  assert.deepEqual(
    [...contents.published(PEOPLE)].map(({ fileName }) => fileName),
    ['/in/a.csv', undefined],
  );
});

test('a plan is read back as it was written, one a task', (t) => {
  const { state } = setUp(t);
  addTask(state);
  const publications = new Publications(state);
  const plan = { ...PEOPLE, data: { from: 'a.tmp', to: 'a.parquet' } };
  assert.equal(publications.of(1), undefined);
  publications.add(1, plan);
  assert.deepEqual(publications.of(1), plan);
  assert.throws(() => publications.add(1, plan), { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
  publications.end(1);
  const rejects = { from: 'b.tmp', to: 'b.parquet' };
  publications.add(1, { ...plan, rejects });
  assert.deepEqual(publications.of(1), { ...plan, rejects });
});

test('a task is in hand as long as its job is leased, and another task’s job is none of it', (t) => {
  const { state } = setUp(t);
  addTask(state);
  const publications = new Publications(state);
  assert.equal(publications.isInHand(1), false);
  state.exec(`
    INSERT INTO leases (token, owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES (1, 'worker-1', 'host', 'boot', 1, '1', 0, 60000);
    INSERT INTO jobs (kind, key, sink_id, state, lease_token, enqueued_ms, updated_ms)
      VALUES ('load', CAST('task 1' AS BLOB), 1, 'leased', 1, 0, 0), ('upload', CAST('task 2' AS BLOB), 1, 'leased', 1, 0, 0)`);
  assert.deepEqual(
    [1, 2, 11].map((task) => publications.isInHand(task)),
    [true, false, false],
  );
  state.exec("UPDATE jobs SET state = 'delayed', lease_token = NULL");
  assert.equal(publications.isInHand(1), false);
});

function addTask(state: ReturnType<typeof makeState>['state']): void {
  state.exec(`
    INSERT INTO sinks (id, route_id, name, type, settings) VALUES (1, 1, 'tables', 'load', '{}');
    INSERT INTO load_tasks (id, created_time, modified_time, status, sink_id, ingest_date, gathering)
      VALUES (1, '2024-11-02', '2024-11-02', 'PROCESSING', 1, '2024-11-02', 0)`);
}
