import assert from 'node:assert/strict';
import { test } from 'node:test';
import { has } from '../support/mounts.ts';
import { Program, runProgram } from '../support/program.ts';
import { Wharf } from '../support/wharf.ts';

const skip = has('strace') ? false : 'strace is not installed';

test('a file that kills its worker again and again ends as failed with that reason; the others go on', {
  skip,
}, async (t) => {
  const wharf = new Wharf(t);
  for (let n = 0; n < 30; n++) wharf.drop(`good-${n}.csv`, `good ${n}`);
  const poison = wharf.drop('poison.csv', 'poison');
  // Not with --seccomp-bpf: strace 6.1 then does not inject the signal where a path is given.
  const wrapper = [
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-P',
    poison,
    '-e',
    'trace=pread64,read',
    '-e',
    'inject=pread64,read:signal=KILL:when=1+',
  ];
  await using program = new Program(
    wharf.args('--workers', '1', '--max-attempts', '3', '--once'),
    {},
    wrapper,
  );
  const { code, stderr } = await program.exited;
  assert.equal(code, 3, stderr);
  const failed = program.log.find(({ event }) => event === 'file.failed');
  assert.match(String(failed?.reason), /its worker died, at attempt 3/);
  assert.deepEqual(wharf.left(), ['poison.csv']);
  assert.equal(wharf.stored().length, 30);
  const listed = await runProgram([
    'queue',
    'list',
    '--state',
    'failed',
    '--json',
    '--state-path',
    wharf.state,
  ]);
  assert.match(listed.stdout, /its worker died, at attempt 3/);

  assert.equal((await runProgram(['queue', 'retry', '--failed', '--state-path', wharf.state])).code, 0);
  assert.equal((await wharf.once()).code, 0);
  await wharf.assertAllLandedOnce();
});
