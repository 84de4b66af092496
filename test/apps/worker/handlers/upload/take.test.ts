import assert from 'node:assert/strict';
import { closeSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Accepted } from '../../../../../apps/worker/handlers/upload/stay.ts';
import { UploadStore } from '../../../../../apps/worker/handlers/upload/store.ts';
import { takeFiles } from '../../../../../apps/worker/handlers/upload/take.ts';
import { systemClock } from '../../../../../shared/clock.ts';
import { noCrashPoints } from '../../../../../shared/crash-points.ts';
import { join, toBytes } from '../../../../../shared/fs/byte-path.ts';
import { addJob, makeState } from '../../../../support/state.ts';

test('a holder that was frozen until another had finished with its job begins no stay', (t) => {
  const fixture = makeState(t);
  const store = new UploadStore(fixture.state);
  const path = join(fixture.input, 'kept.csv');
  writeFileSync(toBytes(path), 'content');
  const id = addJob(fixture, 'kept.csv', { kind: 'upload' });
  const bucket = store.buckets.get({ credentials: '', profile: 'lab', bucket: 'archive' });
  const lease = { token: 7, lost: new AbortController().signal, assertTrusted: () => undefined };
  // Of the job and the plan no more than what taking looks at.
  const file = {
    job: { id, kind: 'upload', key: path, sinkId: 0, lease, fingerprint: undefined, enqueuedMs: 1 },
    plan: { bucket, sinkId: 1, filepath: 'kept.csv', places: undefined, ledgerId: undefined },
    record: undefined,
    isAgain: false,
  } as unknown as Accepted;
  const opened = (fd: number) => t.after(() => closeSync(fd));
  const take = () => takeFiles([file], { store, clock: systemClock, crash: noCrashPoints, opened });
  const stays = () => fixture.state.prepare('SELECT job_id FROM file_records').all();
  assert.throws(take, { code: 'lease.lost' });
  assert.deepEqual(stays(), []);

  fixture.state.exec(`
    INSERT INTO leases (token, owner, host, boot, pid, pid_start, claimed_ms, expires_ms) VALUES (7, 'w', 'h', 'b', 1, '1', 1, 1);
    UPDATE jobs SET state = 'leased', lease_token = 7`);
  take();
  assert.deepEqual(stays(), [{ job_id: id }], 'its holder does');
});
