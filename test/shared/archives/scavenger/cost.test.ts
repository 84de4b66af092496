import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cannotMount, has, mountLoop } from '../../../support/mounts.ts';
import { tempDir } from '../../../support/temp.ts';
import { Base } from './base.ts';

const MIB = 1024 ** 2;
const VOLUME_BYTES = MIB / 4;

/** What this process has read and written so far, as the kernel counts it. */
function bytesSoFar(): { read: number; written: number } {
  const text = readFileSync('/proc/self/io', 'utf8');
  const of = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1]);
  return { read: of('rchar'), written: of('wchar') };
}

async function costOf(work: () => Promise<unknown>): Promise<{ read: number; written: number }> {
  const before = bytesSoFar();
  await work();
  const after = bytesSoFar();
  return { read: after.read - before.read, written: after.written - before.written };
}

/** How often the kernel counts a byte that is copied: overlayfs does it a second time in what lies below it. */
async function countsOfAByte(directory: string): Promise<{ read: number; written: number }> {
  const [from, to] = [join(directory, 'from'), join(directory, 'to')];
  writeFileSync(from, randomBytes(MIB));
  const { read, written } = await costOf(async () => copyFileSync(from, to));
  return { read: Math.ceil(read / MIB - 0.1), written: Math.ceil(written / MIB - 0.1) };
}

/** An archive with `volumes` full ones, of files of 1 KiB, and one that is nearly empty. */
async function archiveOf(base: Base, volumes: number): Promise<void> {
  const files = Array.from(
    { length: Math.ceil((volumes * VOLUME_BYTES) / 1200) },
    (_, number) => [`a.zip/${number}`, randomBytes(1024)] as const,
  );
  await base.deposit(files, { compression: 'store' });
  await base.scavenge({ volumeBytes: VOLUME_BYTES });
}

test('a pass costs what is new and at most one volume, however many full volumes there are', async (t) => {
  const counts = await countsOfAByte(tempDir(t));
  for (const volumes of [1, 20]) {
    const base = Base.make(t);
    await archiveOf(base, volumes);
    const names = readdirSync(base.path).filter((name) => name.endsWith('.zip'));
    assert.ok(names.length >= volumes, String(names));
    const last = statSync(base.at(names.length === 1 ? 'a.zip' : `a-${names.length}.zip`)).size;
    // Ten new ones, and ten that are there already.
    await base.deposit(
      [
        ...Array.from({ length: 10 }, (_, number) => [`a.zip/new-${number}`, randomBytes(1024)] as const),
        ...Array.from({ length: 10 }, (_, number) => [`a.zip/again-${number}`, 'again'] as const),
      ],
      { compression: 'store' },
    );
    const cost = await costOf(() => base.scavenge({ volumeBytes: VOLUME_BYTES }));
    // The current volume: copied once, its directory read twice; of each full one, a block or so for each name.
    const fresh = 20 * 1500;
    const looks = volumes * 8192;
    t.diagnostic(`${volumes} volumes: ${JSON.stringify({ ...cost, last, counts })}`);
    const mostWritten = counts.written * (last + 2 * fresh);
    assert.ok(cost.written < mostWritten, `written ${cost.written}, the last volume had ${last}`);
    assert.ok(cost.read < counts.read * (2 * last + 3 * fresh + looks), `read ${cost.read}`);
  }
});

const reflinks = { skip: cannotMount() ?? (has('mkfs.xfs') ? false : 'mkfs.xfs is not installed') };

test('where the file system has reflinks the volume that grows is not copied', reflinks, async (t) => {
  const directory = tempDir(t);
  const root = mountLoop(t, join(directory, 'image'), join(directory, 'xfs'), 'xfs', 320 * MIB);
  const base = new Base(root);
  await base.deposit([['a.zip/large', randomBytes(20 * MIB)]], { compression: 'store' });
  await base.scavenge();
  const before = statSync(base.at('a.zip'));
  await base.deposit({ 'a.zip/small': 'small' });
  const { written } = await costOf(() => base.scavenge());
  t.diagnostic(`written ${written}`);
  assert.ok(written < MIB, `written ${written}`);
  assert.notEqual(statSync(base.at('a.zip')).ino, before.ino);
});
