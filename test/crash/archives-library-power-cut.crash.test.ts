import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ArchiveCrashPoint } from '../../shared/archives/contract.ts';
import { cannotMount, mountLoop, unmount } from '../support/mounts.ts';
import { cutPower } from '../support/power-cut.ts';
import { makeDepositor, readInbox } from '../support/staged.ts';
import { tempDir } from '../support/temp.ts';
import { contentOf } from './archives-library-content.ts';

const IMAGE_BYTES = 96 * 1024 ** 2;

for (const point of [
  'staging.created',
  'staging.written',
  'staging.durable',
  'staging.acknowledged',
  'staging.directory-written',
  'staging.closed',
] as const satisfies readonly ArchiveCrashPoint[]) {
  test(`a power cut at ${point} loses nothing that was acknowledged`, {
    skip: cannotMount() ?? false,
  }, async (t) => {
    const outside = tempDir(t);
    const image = join(outside, 'disk.img');
    const base = mountLoop(t, image, join(outside, 'disk'), 'ext4', IMAGE_BYTES);
    let isArmed = false;
    const crash = {
      reach: (reached: ArchiveCrashPoint) => {
        if (isArmed && reached === point) cutPower(base);
      },
    };
    const { depositor, deposit } = makeDepositor(t, { base, crash, onError: () => undefined });
    const acknowledged: string[] = [];
    const put = async (n: number): Promise<void> => {
      const name = `ar.zip/dir/${n}`;
      await deposit(name, contentOf(name)).then(
        () => acknowledged.push(name),
        () => undefined,
      );
    };
    if (point !== 'staging.created') {
      for (let n = 0; n < 6; n++) await put(n);
      assert.equal(acknowledged.length, 6);
    }
    isArmed = true;
    await Promise.all([6, 7, 8, 9, 10, 11].map(put));
    await depositor.close();

    unmount(base);
    execFileSync('mount', ['-o', 'loop', image, base]);
    t.after(() => unmount(base));
    const members = (await readInbox(base)).flatMap((file) => file.members);
    const found = new Map(members.map(({ name, content }) => [name, content]));
    for (const [name, content] of found) assert.ok(content.equals(contentOf(name)), `${name} is whole`);
    for (const name of acknowledged) assert.ok(found.has(name), `${name} was acknowledged`);
  });
}
