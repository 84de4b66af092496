import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../support/temp.ts';

const BIN = fileURLToPath(new URL('../../../bin', import.meta.url));

/** An installation that holds these files beside bin/, run. */
function runInstalled(t: TestContext, files: Record<string, string>) {
  const directory = tempDir(t);
  cpSync(BIN, join(directory, 'bin'), { recursive: true });
  const all = {
    'package.json': '{"type": "module", "version": "1.2.3", "bugs": "https://example.org"}',
    ...files,
  };
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(directory, 'bin/wharfinger.js')], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

const saying = (word: string): string =>
  `export const main = (process, about) => process.stdout.write(${JSON.stringify(word)} + JSON.stringify(about))`;
const ABOUT = '{"version":"1.2.3","reportTo":"https://example.org"}';

test('a package runs what was compiled', (t) => {
  const run = runInstalled(t, { 'dist/apps/cli/main.js': saying('compiled') });
  assert.deepEqual(run, { status: 0, stdout: `compiled${ABOUT}`, stderr: '' });
});

test('a checkout runs its sources, also beside an old build', (t) => {
  const run = runInstalled(t, {
    'dist/apps/cli/main.js': saying('compiled'),
    'apps/cli/main.ts': saying('sources').replace(
      '(process, about)',
      '(process: NodeJS.Process, about: object)',
    ),
  });
  assert.deepEqual(run, { status: 0, stdout: `sources${ABOUT}`, stderr: '' });
});

test('dependencies that were never installed are named, with how to get them', (t) => {
  const { status, stderr } = runInstalled(t, { 'apps/cli/main.ts': `import 'no-such-package';` });
  assert.equal(status, 5);
  assert.equal(
    stderr,
    "wharfinger: Cannot find package 'no-such-package'; run `npm ci` where it was installed\n",
  );
});
