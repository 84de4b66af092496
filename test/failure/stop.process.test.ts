import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runProgram } from '../support/program.ts';
import { Wharf } from '../support/wharf.ts';

test('a stop in the middle of many files claims nothing more, meets no closed state file, and loses nothing', async (t) => {
  const wharf = new Wharf(t, { args: ['--workers', '2'] });
  const files = 6_000;
  for (let n = 0; n < files; n++) wharf.drop(`f${n}.csv`, `content ${n}`);
  await using program = wharf.start();
  await program.waitFor('file.ingested');
  const { code, stderr } = await program.stop();
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /"event":"defect"/);
  const { stdout } = await runProgram(['queue', 'stats', '--json', '--state-path', wharf.state]);
  assert.equal(JSON.parse(stdout).leased, 0, 'everything was handed back');
  assert.equal((await wharf.once()).code, 0);
  await wharf.assertAllLandedOnce();
});
