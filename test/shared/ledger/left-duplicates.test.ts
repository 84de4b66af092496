import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toBytes } from '../../../shared/fs/byte-path.ts';
import { LeftDuplicates } from '../../../shared/ledger/left-duplicates.ts';
import { decideFile, makeState, T0 } from '../../support/state.ts';

test('only a duplicate that was left in place, and not touched since, is known as such', (t) => {
  const fixture = makeState(t);
  const { id, source } = decideFile(fixture, 'a.csv');
  const insert = fixture.state.prepare(`
    INSERT INTO duplicates (ledger_id, state, action, route_id, job_id, fingerprint, device, inode, size_bytes, mtime_ns, ctime_ns,
      source, destination, decided_ms, settled_ms)
    VALUES (?, 'settled', ?, ?, 1, ?, 1, 1, 1, 1, 1, ?, ?, ?, ?)`);
  insert.run(id, 'leave', fixture.routeId, 'f1', toBytes(source), null, T0, T0);
  insert.run(id, 'delete', fixture.routeId, 'f2', toBytes(source), null, T0, T0);
  insert.run(id, 'move', fixture.routeId, 'f3', toBytes(source), Buffer.from('/d'), T0, T0);
  const left = new LeftDuplicates(fixture.state);
  assert.deepEqual(
    ['f1', 'f2', 'f3', 'f4'].map((fingerprint) => left.has(source, fingerprint)),
    [true, false, false, false],
  );
});
