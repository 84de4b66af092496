import assert from 'node:assert/strict';
import { globSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Base } from '../../../shared/archives/scavenger/base.ts';
import { textsIn } from '../../../shared/archives/scavenger/read-zip.ts';
import { Program } from '../../../support/program.ts';

test('with --watch it waits out a base that goes away, says so once, and ends as asked', async (t) => {
  const base = Base.make(t);
  await base.deposit({ 'a.zip/one': 'one' });
  await using program = new Program(['archive', 'scavenge', base.path, '--watch', '--every-seconds', '0.05']);
  await program.waitFor('archive.published');
  // Its lease is given back: else it would wait for that, too.
  while (globSync('.wharfinger/work/*/released', { cwd: base.path }).length === 0) await sleep(5);
  renameSync(base.path, `${base.path}-away`);
  await program.waitFor('archive.waiting');
  const away = new Base(`${base.path}-away`);
  await away.deposit({ 'b.zip/late': 'late' });
  renameSync(away.path, base.path);
  await program.waitFor(({ archive }) => archive === 'b.zip');
  program.child.kill('SIGTERM');
  const { code, stdout } = await program.exited;
  assert.equal(code, 0);
  assert.match(stdout, /^1 file \(3 B\) .*\n1 file \(4 B\) /);
  assert.deepEqual(textsIn(base.at('b.zip')), { late: 'late' });
  assert.equal(program.log.filter(({ event }) => event === 'archive.waiting').length, 1);
});
