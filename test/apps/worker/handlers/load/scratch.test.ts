import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeScratch } from '../../../../../apps/worker/handlers/load/scratch.ts';
import { tempDir } from '../../../../support/temp.ts';

const HOUR_MS = 3_600_000;

test('a scratch directory goes with all that is in it', (t) => {
  const root = join(tempDir(t), 'state.db.scratch');
  const scratch = makeScratch(root, Date.now());
  writeFileSync(join(scratch.path, 'spilled'), 'x');
  scratch.remove();
  scratch.remove();
  assert.deepEqual(readdirSync(root), []);
});

test('what a killed process left is removed with the next one, once it is old', (t) => {
  const root = tempDir(t);
  const left = join(root, 'load-dead');
  mkdirSync(left);
  writeFileSync(join(left, 'spilled'), 'x');
  makeScratch(root, Date.now()).remove();
  assert.ok(existsSync(left), 'it may just be made');
  utimesSync(left, new Date(), new Date(Date.now() - HOUR_MS));
  makeScratch(root, Date.now()).remove();
  assert.ok(!existsSync(left));
});

test('what is in use stays, however old it is, and so does what is not ours', (t) => {
  const root = tempDir(t);
  const other = join(root, 'something');
  mkdirSync(other);
  const used = makeScratch(root, Date.now());
  for (const path of [used.path, other]) utimesSync(path, new Date(), new Date(Date.now() - HOUR_MS));
  makeScratch(root, Date.now()).remove();
  assert.ok(existsSync(used.path));
  assert.ok(existsSync(other));
  used.remove();
});
