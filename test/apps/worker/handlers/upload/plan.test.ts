import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf } from '../../../../../apps/worker/handlers/upload/plan.ts';
import { UploadStore } from '../../../../../apps/worker/handlers/upload/store.ts';
import type { LeasedJob } from '../../../../../shared/queue/lease-store.ts';
import { Sinks } from '../../../../../shared/queue/sinks.ts';
import { writeTransaction } from '../../../../../shared/state/transaction.ts';
import { commitFile, makeState } from '../../../../support/state.ts';

for (const warehouse of ['/srv/another', ''])
  test(`the key of a committed file is the same when its route has the warehouse '${warehouse}' by now`, (t) => {
    const fixture = makeState(t);
    const { state, routeId } = fixture;
    const [sinkId = 0] = writeTransaction(state, () =>
      new Sinks(state).save(routeId, [
        {
          ...{ type: 's3', name: 'archive', decompress: false, maxOutputBytes: 1, maxRatio: 1 },
          ...{ to: { by: 'key', profile: 'lab', bucket: 'buck', key: '{path}' }, after: { do: 'keep' } },
        },
      ]),
    );
    const { id, destination } = commitFile(fixture, 'sub/ingest_date=2024-11-02/a.csv');
    const payload = JSON.stringify({ ledger: id });
    // Of the job no more than what planning looks at.
    const job = { id: 1, kind: 'upload', key: destination, sinkId, routeId, payload } as unknown as LeasedJob;
    const keyOf = () => {
      const plan = planOf(job, undefined, new UploadStore(state));
      assert.ok(!('reason' in plan));
      return plan.key;
    };
    assert.equal(keyOf(), 'sub/ingest_date=2024-11-02/a.csv');
    state.prepare('UPDATE routes SET warehouse = ?').run(Buffer.from(warehouse));
    assert.equal(keyOf(), 'sub/ingest_date=2024-11-02/a.csv');
  });
