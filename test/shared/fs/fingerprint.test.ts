import assert from 'node:assert/strict';
import { chmodSync, linkSync, lstatSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fingerprintOf, fingerprintOfParts } from '../../../shared/fs/fingerprint.ts';
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
