import assert from 'node:assert/strict';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ARCHIVE_CRASH_POINTS } from '../../../../shared/archives/contract.ts';
import { Base, deadProcess } from './base.ts';
import { textsIn } from './read-zip.ts';

/**
 * A crash leaves what is on disk at that moment: so each test copies the base whenever a point is reached, and lets another scavenger
 * go on with the copy. Kills of real processes stand in test/crash.
 */

const POINTS = ARCHIVE_CRASH_POINTS.filter((point) => point.startsWith('scavenge.'));

const text = (name: string): string => `${name}${'x'.repeat(700)}`;
const OLD = Array.from({ length: 12 }, (_, number) => `old-${number}`);
const NEW = Array.from({ length: 12 }, (_, number) => `new-${number}`);
const VOLUME_BYTES = 10_000;

const deposits = (archive: string, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [`${archive}/${name}`, text(name)]));

/** Two archives that are there already, and something of every kind to collect. */
async function prepare(t: TestContext): Promise<Base> {
  const base = Base.make(t);
  await base.deposit({ ...deposits('a.zip', OLD), ...deposits('sub/b.zip', OLD) }, { compression: 'store' });
  await base.scavenge({ volumeBytes: VOLUME_BYTES });
  await base.deposit(deposits('a.zip', NEW), { compression: 'store', leaveOpen: true });
  await base.deposit(
    { ...deposits('a.zip', NEW), 'a.zip/old-1': 'another content' },
    { compression: 'store' },
  );
  await base.deposit(deposits('sub/b.zip', NEW), { compression: 'store' });
  return base;
}

/** By archive: what it is to hold, and what stands in its volumes. */
function contents(base: Base): Record<string, Record<string, string>> {
  const files = (directory: string, stem: string): string[] =>
    readdirSync(base.at(directory))
      .filter((name) => new RegExp(`^${stem}(-\\d+)?\\.zip$`).test(name))
      .map((name) => base.at(directory, name));
  return { 'a.zip': textsIn(...files('', 'a')), 'sub/b.zip': textsIn(...files('sub', 'b')) };
}

test('after a crash at any point everything that was staged is in its archive once, and the next pass says so', async (t) => {
  const base = await prepare(t);
  const copies: { point: string; path: string }[] = [];
  await base.scavenge({
    identity: deadProcess(),
    volumeBytes: VOLUME_BYTES,
    crash: {
      reach(point) {
        const path = join(base.path, '..', `copy-${copies.length}`);
        cpSync(base.path, path, { recursive: true, preserveTimestamps: true });
        copies.push({ point, path });
      },
    },
  });
  const whole = contents(base);
  assert.equal(Object.keys(whole['a.zip'] ?? {}).length, 25);
  assert.equal(Object.keys(whole['sub/b.zip'] ?? {}).length, 24);
  assert.deepEqual(new Set(copies.map(({ point }) => point)), new Set(POINTS), 'each point was reached');

  for (const { point, path } of copies) {
    const copy = new Base(path);
    // At every moment a reader finds valid zips, and nothing twice in them.
    contents(copy);
    const report = await copy.scavenge({ volumeBytes: VOLUME_BYTES });
    assert.equal(report.heldBy, undefined, point);
    assert.deepEqual(contents(copy), whole, point);
    assert.deepEqual(copy.inbox(), [], point);
    const [token = '', ...others] = readdirSync(copy.at('.wharfinger/work'));
    assert.deepEqual(others, []);
    assert.ok(readdirSync(copy.at('.wharfinger/work', token)).length <= 2, 'no work is left');
    const again = await copy.scavenge({ volumeBytes: VOLUME_BYTES });
    assert.equal(again.members + again.stagingArchives, 0);
  }
});

test('a scavenger that sleeps past its lease at any point publishes and removes nothing more', async (t) => {
  for (const point of POINTS) {
    const base = await prepare(t);
    let woken: Promise<unknown> | undefined;
    const slept = base.scavenge({
      identity: deadProcess(),
      volumeBytes: VOLUME_BYTES,
      crash: {
        reach(reached) {
          if (reached !== point || woken !== undefined) return;
          // All that the other does before it reads is done while this one sleeps.
          woken = base.scavenge({ volumeBytes: VOLUME_BYTES });
        },
      },
    });
    const [first, second] = await Promise.allSettled([slept, slept.catch(() => undefined).then(() => woken)]);
    if (first.status === 'rejected')
      assert.match(String(first.reason.code), /^(lease\.lost|archive\.)/, point);
    assert.equal(second.status, 'fulfilled', point);
    await base.scavenge({ volumeBytes: VOLUME_BYTES });
    const found = contents(base);
    assert.equal(Object.keys(found['a.zip'] ?? {}).length, 25, point);
    assert.equal(Object.keys(found['sub/b.zip'] ?? {}).length, 24, point);
    assert.deepEqual(base.inbox(), [], point);
  }
});
