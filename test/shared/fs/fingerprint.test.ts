import assert from 'node:assert/strict';
import {
  type BigIntStats,
  chmodSync,
  linkSync,
  lstatSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { fingerprintOf, fingerprintOfParts, hasFingerprintOf } from '../../../shared/fs/fingerprint.ts';
import { tempDir } from '../../support/temp.ts';

const fingerprint = (path: string) => fingerprintOf(lstatSync(path, { bigint: true }));

test('reading a file leaves its fingerprint, touching it in any way does not', (t) => {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, 'content');
  utimesSync(path, 1000, 1000);
  const before = fingerprint(path);
  readFileSync(path);
  assert.equal(fingerprint(path), before);
  const touches = [
    () => writeFileSync(path, 'CONTENT'),
    // As cp -p does: the time of change is another nevertheless.
    () => utimesSync(path, 1000, 1000),
    () => chmodSync(path, 0o600),
    () => linkSync(path, `${path}.link`),
  ];
  const seen = new Set([before]);
  for (const touch of touches) {
    touchAtALaterTick(path, touch);
    seen.add(fingerprint(path));
  }
  assert.equal(seen.size, touches.length + 1);
});

/** The kernel's clock for files moves at each tick only, some milliseconds apart. */
function touchAtALaterTick(path: string, touch: () => void): void {
  const { ctimeNs } = lstatSync(path, { bigint: true });
  const probe = `${path}.probe`;
  do writeFileSync(probe, '');
  while (lstatSync(probe, { bigint: true }).ctimeNs <= ctimeNs);
  touch();
}

test('the parts that the state file keeps make the same fingerprint', (t) => {
  const path = join(tempDir(t), 'file');
  writeFileSync(path, 'content');
  const stats = lstatSync(path, { bigint: true });
  const { dev: device, ino: inode, mtimeNs, ctimeNs } = stats;
  const parts = { device, inode, sizeBytes: Number(stats.size), mtimeNs, ctimeNs };
  assert.equal(fingerprintOfParts(parts), fingerprintOf(stats));
});

/** What a file is told by: the name of each number in the state file, and in what `stat` gives. */
const FIELDS = {
  device: 'dev',
  inode: 'ino',
  sizeBytes: 'size',
  mtimeNs: 'mtimeNs',
  ctimeNs: 'ctimeNs',
} as const;
type Field = keyof typeof FIELDS;
type Numbers = Record<Field, bigint>;

/** Node keeps these numbers in 64 signed bits, whatever the kernel means by them. */
const statsOf = (numbers: Numbers): BigIntStats =>
  Object.fromEntries(
    Object.entries(FIELDS).map(([field, name]) => [name, BigInt.asIntN(64, numbers[field as Field])]),
  ) as unknown as BigIntStats;

const partsOf = (numbers: Numbers) => ({ ...numbers, sizeBytes: Number(numbers.sizeBytes) });

const unsigned = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const time = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const arbitraryNumbers = fc.record<Numbers>({
  device: unsigned,
  inode: unsigned,
  sizeBytes: fc.maxSafeNat().map(BigInt),
  mtimeNs: time,
  ctimeNs: time,
});

test('a file has the fingerprint of its own parts, and of no others, whichever of them differs', () => {
  const anyField = fc.constantFrom(...(Object.keys(FIELDS) as Field[]));
  fc.assert(
    fc.property(arbitraryNumbers, anyField, arbitraryNumbers, (numbers, field, others) => {
      assert.ok(hasFingerprintOf(partsOf(numbers), statsOf(numbers)));
      const changed = { ...numbers, [field]: others[field] };
      assert.equal(hasFingerprintOf(partsOf(numbers), statsOf(changed)), numbers[field] === others[field]);
    }),
  );
});

test('whether a file has the fingerprint of some parts is what comparing the two fingerprints says', () => {
  // Few numbers, so that some files are the same.
  const one = fc.bigInt({ min: 0n, max: 1n });
  const few = fc.record<Numbers>({ device: one, inode: one, sizeBytes: one, mtimeNs: one, ctimeNs: one });
  const some = fc.oneof(few, arbitraryNumbers);
  fc.assert(
    fc.property(some, some, (kept, found) => {
      const [parts, stats] = [partsOf(kept), statsOf(found)];
      assert.equal(hasFingerprintOf(parts, stats), fingerprintOf(stats) === fingerprintOfParts(parts));
    }),
  );
});
