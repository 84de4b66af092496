import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { KnownContent } from '../../../shared/ledger/known-content.ts';
import { Ledger } from '../../../shared/ledger/ledger.ts';
import { decideFile, makeState, T0 } from '../../support/state.ts';

test('content is known from its decision on, and whether it is committed', (t) => {
  const fixture = makeState(t);
  const known = new KnownContent(fixture.state);
  const sha256 = createHash('sha256').update('content').digest();
  assert.equal(known.holderOf(sha256), undefined);
  const { id, source, destination } = decideFile(fixture, 'a.csv', { content: 'content' });
  assert.deepEqual(known.holderOf(sha256), { source, destination, isCommitted: false });
  new Ledger(fixture.state).commit(id, T0);
  assert.deepEqual(known.holderOf(sha256), { source, destination, isCommitted: true });
});
