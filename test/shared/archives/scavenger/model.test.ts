import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { ArchiveSet } from '../../../../shared/archives/volumes/archive-set.ts';
import { Base, deadProcess } from './base.ts';
import { textsIn } from './read-zip.ts';

const ARCHIVES = ['a.zip', 'a-2.zip', 'sub/a.zip'];
const VOLUME_BYTES = 700;

/** Deposits into one staging archive, and then a pass that dies at the given crash point, counted from its start; 0: it does not. */
type Step = {
  deposits: (readonly [string, string])[];
  leaveOpen: boolean;
  diesAt: number;
  losesIndexes: boolean;
};

const deposit = fc
  .tuple(
    fc.constantFrom(...ARCHIVES),
    fc.constantFrom('x', 'x.txt', 'dir/y', 'z'),
    fc.constantFrom('one', 'two', 'x'.repeat(300), 'y'.repeat(300)),
  )
  .map(([archive, member, content]) => [`${archive}/${member}`, content] as const);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    deposits: fc.array(deposit, { maxLength: 6 }),
    leaveOpen: fc.boolean(),
    diesAt: fc.nat({ max: 14 }),
    losesIndexes: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

/** Goes on with what a crash left: a copy of the base, as it was at that moment. */
async function pass(base: Base, diesAt: number): Promise<Base> {
  let reached = 0;
  let left: string | undefined;
  await base.scavenge({
    identity: deadProcess(),
    volumeBytes: VOLUME_BYTES,
    crash: {
      reach() {
        reached += 1;
        if (reached !== diesAt) return;
        left = `${base.path}+`;
        cpSync(base.path, left, { recursive: true, preserveTimestamps: true });
      },
    },
  });
  if (left === undefined) return base;
  rmSync(base.path, { recursive: true });
  return new Base(left);
}

function volumesOf(base: Base, archive: string): string[] {
  const set = ArchiveSet.open(base.path, archive);
  try {
    assert.deepEqual(set.faults, []);
    return set.volumes.map((path) => base.at(path));
  } finally {
    set.close();
  }
}

test('whatever is deposited, and wherever scavengers die, every content is in its archive once', async (t) => {
  const root = Base.make(t);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(steps, async (play) => {
      run += 1;
      let base = new Base(join(root.path, `${run}`));
      mkdirSync(base.path);
      const deposited = new Map<string, Set<string>>();
      for (const { deposits, leaveOpen, diesAt, losesIndexes } of play) {
        await base.deposit(deposits, { compression: 'store', leaveOpen });
        for (const [path, content] of deposits) {
          const [, archive = '', member = ''] = /^(.*?\.zip)\/(.*)$/.exec(path) ?? [];
          const contents = deposited.get(archive) ?? new Set();
          deposited.set(archive, contents.add(`${member}\0${content}`));
        }
        base = await pass(base, diesAt);
        if (losesIndexes) rmSync(base.at('.wharfinger/index'), { recursive: true, force: true });
      }
      await base.scavenge({ volumeBytes: VOLUME_BYTES });
      for (const [archive, contents] of deposited) {
        const set = ArchiveSet.open(base.path, archive);
        try {
          for (const one of contents) {
            const [member = '', content = ''] = one.split('\0');
            assert.ok(
              set.find(member, createHash('sha256').update(content).digest()),
              `${archive}/${member}`,
            );
          }
        } finally {
          set.close();
        }
        // No more of them than there are contents, so each is there once.
        assert.equal(Object.keys(textsIn(...volumesOf(base, archive))).length, contents.size, archive);
      }
      if (deposited.size > 0) assert.deepEqual(base.inbox(), []);
      rmSync(base.path, { recursive: true });
    }),
    { numRuns: 25 },
  );
});
