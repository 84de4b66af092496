import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, dirname, toBytes, toText } from '../../../../../shared/fs/byte-path.ts';
import { manifestPathOf } from '../../../../../shared/manifest/record.ts';
import { Custody } from '../../../../support/custody.ts';
import { assertWaits } from '../../../../support/custody-waits.ts';
import { makeImmutable, needsImmutable } from '../../../../support/immutable.ts';

const hide = (path: BytePath) => renameSync(toBytes(path), `${toText(path)}.hidden`);
const show = (path: BytePath) => renameSync(`${toText(path)}.hidden`, toBytes(path));
const mark = (custody: Custody) => custody.at('.wharfinger', custody.warehouse);
const manifest = (custody: Custody) => manifestPathOf(custody.manifests, Date.now());

type Fault = { breakIt(custody: Custody): void; mendIt(custody: Custody): void; reason: RegExp };

const FAULTS: Record<string, Fault> = {
  'a warehouse is missing': {
    breakIt: ({ warehouse }) => hide(warehouse),
    mendIt: ({ warehouse }) => show(warehouse),
    reason:
      /^the warehouse .*\/warehouse is missing; to mend it: mount its file system, or make the directory again$/,
  },
  'a warehouse has lost its mark, not being mounted,': {
    breakIt: (custody) => unlinkSync(toBytes(mark(custody))),
    mendIt: (custody) => writeFileSync(toBytes(mark(custody)), ''),
    reason:
      /has lost its mark \.wharfinger: its file system is not mounted; to mend it: mount it, or, if this directory is right, run: touch '.*\/warehouse\/\.wharfinger'$/,
  },
  'the directory of manifests is missing': {
    breakIt: ({ manifests }) => hide(manifests),
    mendIt: ({ manifests }) => show(manifests),
    reason:
      /^.*\/manifests refuses: the directory is missing \(ENOENT\); to mend it: mount its file system, or make the directory again$/,
  },
  'a file stands where the directory of manifests was': {
    breakIt: ({ manifests }) => {
      hide(manifests);
      writeFileSync(toBytes(manifests), '');
    },
    mendIt: ({ manifests }) => {
      rmSync(toBytes(manifests));
      show(manifests);
    },
    reason:
      /^.*\/manifests refuses: a file stands where a directory is needed \(ENOTDIR\); to mend it: move the file away/,
  },
  'a directory has the name of the manifest': {
    breakIt: (custody) => mkdirSync(toBytes(manifest(custody)), { recursive: true }),
    mendIt: (custody) => rmSync(toBytes(manifest(custody)), { recursive: true }),
    reason: /^.*\/manifests refuses: a directory stands where a file is needed \(EISDIR\)/,
  },
  'a symlink has the name of the manifest': {
    breakIt: (custody) => {
      mkdirSync(toBytes(dirname(manifest(custody))), { recursive: true });
      symlinkSync('/dev/null', toBytes(manifest(custody)));
    },
    mendIt: (custody) => rmSync(toBytes(manifest(custody))),
    reason: /^.*\/manifests refuses: a symlink stands where a file is needed \(ELOOP\)/,
  },
};

for (const [what, { breakIt, mendIt, reason }] of Object.entries(FAULTS)) {
  test(`while ${what} the files wait uncharged, it is said once with the mend, and then they go on`, async (t) => {
    const custody = new Custody(t);
    writeFileSync(toBytes(mark(custody)), '');
    custody.hand.state.prepare('UPDATE routes SET marked = 1').run();
    breakIt(custody);
    const contents = await assertWaits(custody, reason);
    mendIt(custody);
    await custody.hand.step();
    assert.equal(custody.hand.said('place.recovered').length, 1);
    assert.deepEqual(custody.left(), []);
    await custody.assertSound(contents);
  });
}

test(
  'a partition that may not be written to is a fault of the place, not of the files',
  needsImmutable,
  async (t) => {
    const custody = new Custody(t);
    custody.offer('before', 'before');
    await custody.hand.step();
    const partition = makeImmutable(t, dirname(custody.storedAt('before')));
    const contents = await assertWaits(
      custody,
      /^.*\/warehouse refuses: operation not permitted \(EPERM\); to mend it: let this user write there$/,
    );
    partition.change();
    await custody.hand.step();
    await custody.assertSound(['before', ...contents]);
  },
);

const REFUSAL =
  /^.*\/manifests refuses: operation not permitted \(EPERM\); to mend it: let this user write there$/;

test(
  'manifests that may not be written to are a fault of the place, and nothing is moved',
  needsImmutable,
  async (t) => {
    const custody = new Custody(t);
    const manifests = makeImmutable(t, custody.manifests);
    const contents = await assertWaits(custody, REFUSAL);
    assert.deepEqual(custody.stored(), []);
    manifests.change();
    await custody.hand.step();
    await custody.assertSound(contents);
  },
);

test(
  'manifests that refuse when the files are placed already leave them on record',
  needsImmutable,
  async (t) => {
    const custody = new Custody(t);
    let manifests: ReturnType<typeof makeImmutable> | undefined;
    custody.hand.at('ingest.read', () => {
      manifests = makeImmutable(t, custody.manifests);
    });
    const contents = await assertWaits(custody, REFUSAL);
    assert.deepEqual(custody.stored(), ['a', 'b']);
    manifests?.change();
    await custody.hand.step();
    await custody.assertSound(contents);
  },
);
