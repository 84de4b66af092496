import assert from 'node:assert/strict';
import { test } from 'node:test';
import { has } from '../support/mounts.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { Pier } from '../support/pier.ts';
import { Program } from '../support/program.ts';

const swift = swiftOfFile();

const skip =
  needsSwift.skip === false ? (has('strace') ? false : 'strace is not installed') : needsSwift.skip;

test('a file that kills its worker whenever it is read ends in failed, in the same run; the others go on', {
  skip,
}, async (t) => {
  const pier = await Pier.make(t, swift());
  for (let n = 0; n < 10; n++) pier.drop(`good-${n}.csv`, `good ${n}`);
  pier.drop('poison.csv', 'poison');
  pier.put.delete('poison.csv');
  const paths = ['incoming', 'processing'].flatMap((place) => ['-P', pier.at(place, 'poison.csv')]);
  // Not with --seccomp-bpf: strace 6.1 then does not inject the signal where a path is given.
  const wrapper = [
    ...['strace', '-f', '-qq', '-o', '/dev/null', ...paths, '-e', 'trace=pread64,read'],
    ...['-e', 'inject=pread64,read:signal=KILL:when=1+'],
  ];
  await using program = new Program(
    pier.args('--workers', '1', '--max-attempts', '3', '--once'),
    {},
    wrapper,
  );
  const { code, stderr } = await program.exited;
  assert.equal(code, 3, stderr);
  assert.deepEqual(pier.files('failed'), ['poison.csv']);
  for (const place of ['incoming', 'processing']) assert.deepEqual(pier.files(place), [], place);
  const stay = pier.records().find(({ filepath }) => filepath === 'poison.csv');
  assert.deepEqual([stay?.current_state, stay?.upload_outcome], ['failed', 'failure']);
  assert.equal(stay?.reason, 'its worker died, at attempt 3');
  assert.equal(pier.files('completed').length, 10);
});
