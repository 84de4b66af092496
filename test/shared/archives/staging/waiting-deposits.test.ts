import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Deposit } from '../../../../shared/archives/staging/deposit.ts';
import { MOST_PACKED_BYTES, WaitingDeposits } from '../../../../shared/archives/staging/waiting-deposits.ts';

const made = (member: string, sizeBytes: number): Deposit => ({
  to: { archive: 'ar.zip', member },
  content: { fd: -1, sizeBytes },
  facts: { mode: 0o644, mtimeMs: 0 },
  resolve: () => undefined,
  reject: () => undefined,
});

const drain = (waiting: WaitingDeposits): string[][] => {
  const groups: string[][] = [];
  for (;;) {
    const group = waiting.take().map(({ to }) => to.member);
    if (group.length === 0) return groups;
    groups.push(group);
  }
};

test('small deposits go together, in their order, and large ones alone', () => {
  const waiting = new WaitingDeposits();
  waiting.add(made('large', MOST_PACKED_BYTES + 1));
  for (const name of ['a', 'b', 'c']) waiting.add(made(name, 1));
  assert.deepEqual(drain(waiting).toSorted(), [['a', 'b', 'c'], ['large']]);
  assert.ok(waiting.isEmpty);
});

test('small deposits wait for one large one at most, and large ones for one group', () => {
  const waiting = new WaitingDeposits();
  for (const name of ['L1', 'L2', 'L3']) waiting.add(made(name, MOST_PACKED_BYTES + 1));
  waiting.add(made('a', 1));
  const order: string[] = [];
  for (let n = 0; n < 4; n++) {
    order.push(...waiting.take().map(({ to }) => to.member));
    waiting.add(made('small', 1));
  }
  assert.equal(order.filter((name) => name.startsWith('L')).length, 2);
});

test('a group has no more than fits into memory', () => {
  const waiting = new WaitingDeposits();
  for (let n = 0; n < 20; n++) waiting.add(made(`m${n}`, MOST_PACKED_BYTES));
  const groups = drain(waiting);
  assert.ok(groups.every(({ length }) => length <= 8));
  assert.deepEqual(
    groups.flat(),
    Array.from({ length: 20 }, (_, n) => `m${n}`),
  );
});

test('a group has no more than 4,096 deposits', () => {
  const waiting = new WaitingDeposits();
  for (let n = 0; n < 5000; n++) waiting.add(made('m', 0));
  assert.deepEqual(
    drain(waiting).map(({ length }) => length),
    [4096, 904],
  );
});
