import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { runDiscoverer } from '../../../apps/discoverer/main.ts';
import type { S3Sink, UploadRouteSettings } from '../../../shared/config/settings.ts';
import { fromText, join, toBytes, toText } from '../../../shared/fs/byte-path.ts';
import { fingerprintOf } from '../../../shared/fs/fingerprint.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import { KeptFiles } from '../../../shared/uploads/kept-files.ts';
import { TurnableClock } from '../../support/custody-clock.ts';
import { makeState } from '../../support/state.ts';

/** A directory whose files are uploaded, and what a worker does to them. */
function harbour(context: TestContext) {
  const { state, statePath, input } = makeState(context);
  const path = (name: string) => join(input, name);
  const clock = new TurnableClock();
  const only = <Row>(sql: string): Row => {
    const row = state.prepare<[], Row>(sql).get();
    assert.ok(row);
    return row;
  };
  return {
    path,
    clock,
    input,
    state,
    write: (name: string, content: string) => writeFileSync(toBytes(path(name)), content),
    /** One pass. @returns how many jobs are new */
    async pass(after: S3Sink['after'] = { do: 'keep' }): Promise<number> {
      const uploadRoutes = [routeOf(toText(input), after)];
      const { enqueuedJobs } = await runDiscoverer({
        settings: { routes: [], uploadRoutes, queueLimit: 100, once: true, statePath, keepRecordsDays: 7 },
        state,
        logger: createLogger({
          level: 'silent',
          format: 'json',
          process: 'discoverer',
          sink: { write: () => undefined },
        }),
        clock,
        signal: new AbortController().signal,
        onEnqueued: () => undefined,
      });
      return enqueuedJobs;
    },
    /** The one job there is was done: its file was uploaded and stays. */
    uploaded(name: string): void {
      const { sink_id: sinkId, fingerprint } = only<{ sink_id: number; fingerprint: string }>(
        'SELECT sink_id, fingerprint FROM jobs',
      );
      assert.equal(fingerprint, fingerprintOf(lstatSync(toBytes(path(name)), { bigint: true })));
      new KeptFiles(state).add({ path: path(name), sinkId, fingerprint });
      state.exec('DELETE FROM jobs');
    },
    rows: () => only<{ n: number }>('SELECT count(*) AS n FROM kept_files').n,
  };
}

const routeOf = (input: string, after: S3Sink['after']): UploadRouteSettings => ({
  name: 'out',
  input,
  recursive: true,
  everyName: false,
  mode: 'close-write',
  stabilityMs: 0,
  include: [],
  exclude: [],
  watch: 'auto',
  overdueMs: 3_600_000,
  sink: {
    type: 's3',
    name: 'watch',
    to: { by: 'key', profile: 'lab', bucket: 'archive', key: '{path}' },
    decompress: true,
    maxOutputBytes: 1e9,
    maxRatio: 2000,
    after,
  },
});

test('a file that was uploaded and stays is not uploaded again, until it is written to', async (t) => {
  const h = harbour(t);
  h.write('a', 'first');
  assert.equal(await h.pass(), 1);
  h.uploaded('a');
  assert.equal(await h.pass(), 0);
  h.write('a', 'other');
  assert.equal(await h.pass(), 1);
  h.uploaded('a');
  assert.deepEqual([await h.pass(), h.rows()], [0, 1]);
});

test('a file that takes the name of one that was uploaded is a new one', async (t) => {
  const h = harbour(t);
  h.write('a', 'first');
  await h.pass();
  h.uploaded('a');
  h.write('.b', 'first');
  renameSync(toBytes(h.path('.b')), toBytes(h.path('a')));
  assert.equal(await h.pass(), 1);
});

test('where files are removed from now on, those that were kept are uploaded once more, and go', async (t) => {
  const h = harbour(t);
  h.write('a', 'first');
  await h.pass();
  h.uploaded('a');
  assert.equal(await h.pass({ do: 'remove' }), 1);
});

const DAY_MS = 86_400_000;

test('a file that was kept and is gone is forgotten days later', async (t) => {
  const h = harbour(t);
  h.write('a', 'first');
  await h.pass();
  h.uploaded('a');
  rmSync(toBytes(h.path('a')));
  await h.pass();
  h.clock.forward(6 * DAY_MS);
  await h.pass();
  assert.equal(h.rows(), 1);
  h.clock.forward(2 * DAY_MS);
  await h.pass();
  assert.equal(h.rows(), 0);
});

test('one that is there again meanwhile, as when its disk was away, is remembered and not uploaded again', async (t) => {
  const h = harbour(t);
  h.write('a', 'first');
  await h.pass();
  h.uploaded('a');
  const isNew = () => h.state.prepare('SELECT 1 FROM jobs').get() !== undefined;
  const away = fromText(`${toText(h.input)}-away`);
  renameSync(toBytes(h.input), toBytes(away));
  mkdirSync(toBytes(h.input));
  await h.pass();
  h.clock.forward(6 * DAY_MS);
  rmdirSync(toBytes(h.input));
  renameSync(toBytes(away), toBytes(h.input));
  await h.pass();
  h.clock.forward(2 * DAY_MS);
  await h.pass();
  assert.deepEqual([h.rows(), isNew()], [1, false]);
});
