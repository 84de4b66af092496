import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { openFilesLimit } from '../../../shared/linux/open-files-limit.ts';

const MODULE = new URL('../../../shared/linux/open-files-limit.ts', import.meta.url).href;

const limitsUnder = (ulimit: string): unknown =>
  JSON.parse(
    execFileSync(
      'bash',
      [
        '-c',
        `${ulimit} && exec "$0" --input-type=module -e "$1"`,
        process.execPath,
        `import { openFilesLimit } from '${MODULE}'; console.log(JSON.stringify(openFilesLimit()))`,
      ],
      { encoding: 'utf8' },
    ),
  );

test('the limit of open files is that of this process, which Node has raised to the hard one', () => {
  assert.deepEqual(limitsUnder('ulimit -Sn 600 && ulimit -Hn 700'), { soft: 700, hard: 700 });
  const { soft, hard } = openFilesLimit();
  assert.ok(soft > 0 && hard >= soft);
});
