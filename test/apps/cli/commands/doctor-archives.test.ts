import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { cli, jsonLines } from '../../../support/cli.ts';
import { tempDir } from '../../../support/temp.ts';

type Found = { level: string; check: string; what: string; mend: string | null };

/** What `doctor` finds of the base of an archive sink. */
async function examined(t: TestContext, base: (root: string) => string): Promise<Found[]> {
  const root = tempDir(t);
  for (const name of ['in', 'warehouse', 'manifests', 'state']) mkdirSync(join(root, name));
  const sinks = [{ type: 'archive', base: base(root), archive: 'a.zip' }];
  const places = { warehouse: 'warehouse', manifests: 'manifests', state_path: 'state/s.db' };
  writeFileSync(join(root, 'w.yaml'), JSON.stringify({ ...places, routes: [{ input: 'in', sinks }] }));
  const before = readdirSync(root, { recursive: true }).sort();
  const { stdout } = await cli(['doctor', '--json', '--config', 'w.yaml'], { cwd: root });
  assert.deepEqual(readdirSync(root, { recursive: true }).sort(), before, 'it leaves nothing behind');
  return jsonLines(stdout) as Found[];
}

test('doctor says of a base that it is there, on one file system, and how volumes are copied', async (t) => {
  const checks = await examined(t, (root) => {
    mkdirSync(join(root, 'zips', 'inbox'), { recursive: true });
    mkdirSync(join(root, 'zips', '.wharfinger', 'work'), { recursive: true });
    return 'zips';
  });
  const of = (name: string) =>
    checks
      .filter(({ check }) => check === name)
      .map(({ level, what }) => [level, what.replace(/\/\S*\/zips/g, 'ZIPS')]);
  assert.deepEqual(of('archives'), [
    ['ok', 'archives ZIPS can be written to'],
    ['ok', 'ZIPS, its inbox and its .wharfinger are on one file system'],
  ]);
  assert.match(String(of('reflink')[0]), /^ok,volumes in ZIPS are copied /);
  assert.ok(
    checks.some(({ check, what }) => check === 'file-system' && /^archives .*\/zips is on /.test(what)),
  );
});

test('doctor fails where a base is missing', async (t) => {
  const checks = await examined(t, () => 'nowhere');
  const [missing] = checks.filter(({ check }) => check === 'archives');
  assert.equal(missing?.level, 'fail');
  assert.match(missing?.what ?? '', /^archives \/.*\/nowhere does not exist$/);
  assert.match(missing?.mend ?? '', /mount its file system/);
});
