import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAllThere } from '../soak/archives/assert-all-there.ts';
import { Hand } from '../soak/archives/hand.ts';
import { cannotReadArchives } from '../soak/archives/read-archives.ts';
import { Disk } from '../soak/disk.ts';
import { cannotMount } from '../support/mounts.ts';
import { runProgram } from '../support/program.ts';
import { tempDir } from '../support/temp.ts';

const needs = { skip: cannotMount() ?? cannotReadArchives() ?? false };
const MIB = 1024 * 1024;

test(
  'on a full disk deposits fail, archives stay as they were, and nothing is lost; with room again all goes on',
  needs,
  async (t) => {
    const outside = tempDir(t);
    const disk = new Disk(join(outside, 'disk'), join(outside, 'disk.img'), 16 * MIB);
    t.after(() => disk[Symbol.dispose]());
    const base = join(disk.directory, 'archives');
    await mkdir(base);
    const scavenge = () => runProgram(['archive', 'scavenge', base]);

    await using hand = await Hand.open(base);
    await hand.deposit('ar.zip', 'before', 'before');
    await hand[Symbol.asyncDispose]();
    assert.equal((await scavenge()).code, 0);
    const published = await readFile(join(base, 'ar.zip'));

    await using second = await Hand.open(base, hand.noted);
    await second.deposit('ar.zip', 'acknowledged', 'acknowledged');
    disk.fill();
    const large = Buffer.alloc(2 * MIB).map((_, n) => (n * n) % 253);
    await assert.rejects(second.deposit('ar.zip', 'small', large.subarray(0, 100_000)), {
      code: 'archive.no-space',
    });
    await assert.rejects(second.deposit('ar.zip', 'large', large), { code: 'archive.no-space' });
    await second[Symbol.asyncDispose]();
    const refused = await scavenge();
    assert.ok(refused.code === 5, `${refused.code} ${refused.stderr}`);
    assert.deepEqual(await readFile(join(base, 'ar.zip')), published);

    disk.free();
    await using third = await Hand.open(base, hand.noted);
    await third.deposit('ar.zip', 'large', large);
    await third[Symbol.asyncDispose]();
    assert.equal((await scavenge()).code, 0);
    const { damaged } = await assertAllThere(base, hand.noted);
    assert.deepEqual(damaged, []);
  },
);
