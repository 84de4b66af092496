import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { readInbox, stagedContents } from '../../../support/staged.ts';
import { tempDir } from '../../../support/temp.ts';

const LIBRARY = join(import.meta.dirname, '../../../../shared/archives/index.ts');

for (const [how, ending] of [
  ['comes to its end', ''],
  ['calls exit', 'process.exit(0);'],
  ['throws', 'throw new Error("on purpose");'],
] as const) {
  test(`a process that ${how} without close() leaves a closed staging archive`, async (t) => {
    const base = tempDir(t);
    const program = `
      import { openArchives } from ${JSON.stringify(LIBRARY)};
      const archives = await openArchives(${JSON.stringify(base)});
      for (const name of ['ar.zip/1', 'ar.zip/2']) {
        const file = archives.open(name);
        await file.write('content');
        await file.close();
      }
      archives.open('ar.zip/never-closed');
      ${ending}`;
    spawnSync(process.execPath, ['--input-type=module', '--eval', program], { timeout: 20_000 });
    assert.deepEqual(
      (await readInbox(base)).map(({ name, damages }) => [name.state, damages]),
      [['closed', []]],
    );
    assert.deepEqual(await stagedContents(base), [
      ['ar.zip/1', 'content'],
      ['ar.zip/2', 'content'],
    ]);
  });
}
