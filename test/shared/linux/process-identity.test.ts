import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDead, parseStat, thisProcess } from '../../../shared/linux/process-identity.ts';

const here = thisProcess();

test('this process is alive, and has the same identity each time', () => {
  assert.deepEqual(thisProcess(), here);
  assert.equal(here.pid, process.pid);
  assert.match(here.pidStart, /^\d+$/);
  assert.equal(isDead(here, here), false);
});

test('a number that was given to another process since is of a dead one', () => {
  assert.equal(isDead({ ...here, pidStart: String(Number(here.pidStart) + 1) }, here), true);
});

test('a number that no process has is of a dead one', () => {
  // Above the greatest that the kernel gives.
  assert.equal(isDead({ ...here, pid: 4_194_305 }, here), true);
});

test('all processes of an earlier boot are dead', () => {
  assert.equal(isDead({ ...here, boot: 'another' }, here), true);
});

test('a process of another host is not known to be dead, whatever else differs', () => {
  const elsewhere = { host: 'other:pid:[4026531836]', boot: 'another', pid: 4_194_305, pidStart: '1' };
  assert.equal(isDead(elsewhere, here), false);
});

test('numbers that kill takes for groups are of no process', () => {
  for (const pid of [0, -1, -process.pid, 1.5, Number.NaN])
    assert.equal(isDead({ ...here, pid }, here), true);
});

test('a name with spaces, parentheses and newlines does not shift the fields', () => {
  const fields = Array.from({ length: 49 }, (_, index) => String(index + 4)).join(' ');
  assert.deepEqual(parseStat(`12 (a) b) Z (\n) S ${fields}`), { state: 'S', start: '22' });
  assert.throws(() => parseStat('12 (x) S'));
});
