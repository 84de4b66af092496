import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { runDiscoverer } from '../../../apps/discoverer/main.ts';
import type { UploadRouteSettings } from '../../../shared/config/settings.ts';
import { toText } from '../../../shared/fs/byte-path.ts';
import { createLogger } from '../../../shared/log/logger.ts';
import { decideFile } from '../../support/state.ts';
import { Harness } from './harness.ts';

/** A directory that is once an input of `start`, and once a target of `watch`. */
class Switched extends Harness {
  constructor(t: TestContext) {
    super(t, { stabilityMs: 0 });
  }

  async uploadOnce(): Promise<void> {
    await runDiscoverer({
      settings: {
        routes: [],
        uploadRoutes: [targetOf(toText(this.input))],
        queueLimit: 100,
        once: true,
        statePath: this.fixture.statePath,
      },
      state: this.fixture.state,
      logger: createLogger({
        level: 'info',
        format: 'json',
        process: 'discoverer',
        sink: { write: (line) => void this.log.push(JSON.parse(line)) },
      }),
      clock: this.clock,
      signal: new AbortController().signal,
      onEnqueued: () => undefined,
    });
  }

  kinds(): unknown[] {
    return this.fixture.state.prepare('SELECT kind, count(*) AS jobs FROM jobs GROUP BY kind').all();
  }

  switches(): unknown[] {
    return this.log.filter(({ event }) => event === 'route.switched').map(({ jobs }) => jobs);
  }
}

const targetOf = (input: string): UploadRouteSettings => ({
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
    after: { do: 'remove' },
  },
});

test('what waits in a directory goes the new way when that is switched, there and back', async (t) => {
  const h = new Switched(t);
  for (const name of ['a', 'sub/b', 'c']) h.write(name);
  await h.once();
  assert.deepEqual(h.kinds(), [{ kind: 'ingest', jobs: 3 }]);
  await h.uploadOnce();
  assert.deepEqual(h.kinds(), [{ kind: 'upload', jobs: 3 }]);
  assert.deepEqual(h.switches(), [3]);
  await h.once();
  assert.deepEqual(h.kinds(), [{ kind: 'ingest', jobs: 3 }]);
  await h.once();
  assert.deepEqual(h.switches(), [3, 3], 'said once each time');
});

test('what a worker has in hand while its directory is switched goes with a later scan', async (t) => {
  const h = new Switched(t);
  const { state } = h.fixture;
  h.write('a');
  await h.once();
  state.exec(`
    INSERT INTO leases (token, owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES (7, 'w', 'h', 'b', 1, '1', 1, 1);
    UPDATE jobs SET state = 'leased', lease_token = 7`);
  await h.uploadOnce();
  assert.deepEqual(h.switches(), []);
  state.exec("UPDATE jobs SET state = 'ready', lease_token = NULL WHERE lease_token = 7");
  await h.uploadOnce();
  assert.deepEqual(h.kinds(), [{ kind: 'upload', jobs: 1 }]);
});

test('a directory of which files are in the middle of being taken into custody is not switched', async (t) => {
  const h = new Switched(t);
  h.write('a');
  await h.once();
  decideFile(h.fixture, 'b');
  await assert.rejects(h.uploadOnce(), { code: 'route.in-custody' });
  assert.deepEqual(h.kinds(), [{ kind: 'ingest', jobs: 1 }]);
  await h.once();
  assert.deepEqual(h.kinds(), [{ kind: 'ingest', jobs: 2 }], 'start goes on with it');
});
