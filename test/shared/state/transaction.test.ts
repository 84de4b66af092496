import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeTransaction } from '../../../shared/state/transaction.ts';
import { ownQueue } from '../../support/queue-holder.ts';

test('a transaction that throws leaves nothing of what it wrote', (t) => {
  const { one } = ownQueue(t);
  const boom = new Error('boom');
  assert.throws(
    () =>
      writeTransaction(one.state, () => {
        one.state.exec("INSERT INTO jobs (kind, key, enqueued_ms, updated_ms) VALUES ('k', x'61', 0, 0)");
        throw boom;
      }),
    (error) => error === boom,
  );
  assert.equal(one.state.prepare('SELECT count(*) FROM jobs').pluck().get(), 0);
  assert.equal(one.state.inTransaction, false);
});

test('a transaction holds the write lock from its beginning, before it has written', (t) => {
  const { one, another } = ownQueue(t);
  const two = another('two', 2);
  writeTransaction(one.state, () => {
    assert.throws(() => writeTransaction(two.state, () => assert.fail('it must not run')), {
      code: 'SQLITE_BUSY',
    });
  });
  assert.equal(
    writeTransaction(two.state, () => 'its turn'),
    'its turn',
  );
});
