import assert from 'node:assert/strict';
import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { jsonLines } from '../../../support/cli.ts';
import { needsSwift, swiftOfFile } from '../../../support/object-store/swift.ts';
import { Pier } from '../../../support/pier.ts';
import { Program, runProgram } from '../../../support/program.ts';
import { sha256Of } from '../../../support/wharf.ts';

const swift = swiftOfFile();

/** Writes files that are to be copied to keys below `prefix`. @returns the directory that they are in */
function sources(pier: Pier, contents: Readonly<Record<string, string>>, prefix = ''): string {
  const directory = join(pier.root, 'sources');
  for (const [name, content] of Object.entries(contents)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    pier.put.set(prefix + name, sha256Of(content));
  }
  return `${directory}/`;
}

const copyArgs = (pier: Pier, ...args: string[]) => [
  ...['copy', ...args, '--server-directory', pier.directory],
  ...['--credentials', pier.credentials, '--state-path', pier.state],
];

const statesOf = (pier: Pier, id: number) =>
  pier
    .read<{ state: string }>(`SELECT state FROM file_states WHERE record_id = ${id} ORDER BY rowid`)
    .map(({ state }) => state);

test(
  'what was copied while no server ran is uploaded by the next one, with one record all the way',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    const directory = sources(pier, { 'a b+%.csv': 'a', 'deep/.ü': 'u', empty: '' }, 'x/');
    const copied = await runProgram(copyArgs(pier, '-r', directory, `s3://lab/${pier.bucket}/x`));
    assert.equal(copied.code, 0, copied.stderr);
    const { code, stderr } = await pier.once();
    assert.equal(code, 0, stderr);
    await pier.assertAllUploadedOnce();
    const records = pier.records();
    assert.equal(records.length, 3);
    for (const { id } of records)
      assert.deepEqual(statesOf(pier, id), ['incoming_tmp', 'incoming', 'processing', 'completed']);
  },
);

test('--wait with a server that runs ends when every file is in its bucket', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  const contents = Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`${index % 7}/${index}.csv`, `content of ${index}`]),
  );
  const directory = sources(pier, contents);
  await using server = pier.serve();
  await server.waitFor('discoverer.started');
  const { code, stdout, stderr } = await runProgram(
    copyArgs(pier, '-r', '--wait', '--json', directory, `s3://lab/${pier.bucket}`),
  );
  assert.equal(code, 0, stderr);
  const lines = jsonLines(stdout);
  assert.equal(lines.length, 60);
  assert.deepEqual([...new Set(lines.map(({ status }) => status))], ['completed']);
  await server.stop();
  await pier.assertAllUploadedOnce();
  assert.equal(pier.records().length, 60);
});

test('--wait exits with 3 where a file failed, and says why', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  pier.reachBy(swift().url, { aws_secret_access_key: 'wrong' });
  const directory = sources(pier, { a: 'a' });
  await using server = pier.serve();
  await server.waitFor('discoverer.started');
  const { code, stderr } = await runProgram(
    copyArgs(pier, '-r', '--wait', directory, `s3://lab/${pier.bucket}`),
  );
  assert.equal(code, 3, stderr);
  assert.match(stderr, /s3:\/\/lab\/\S+\/a was not uploaded: \S/);
  await server.stop();
});

test('--wait says what files wait for; told to stop, it leaves them to the server', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  const directory = sources(pier, { a: 'a', b: 'b' });
  await using server = pier.serve();
  await server.waitFor('discoverer.started');
  await using waiting = new Program(
    copyArgs(pier, '-r', '--wait', '--json', directory, 's3://lab/missing-one'),
  );
  await server.waitFor('bucket.closed');
  await pier.until('both wait for their bucket', () => pier.records().every(({ reason }) => reason !== null));
  // The next look tells them, and is no more than a fifth of a second away; the signal may come before it.
  waiting.child.kill('SIGINT');
  const { code, stdout, stderr } = await waiting.exited;
  assert.equal(code, 3, stderr);
  assert.match(stderr, /no longer waiting: 2 files go on without this command/);
  assert.deepEqual(
    jsonLines(stdout)
      .map(({ status, key }) => [status, key])
      .sort(),
    [
      ['copied', 'a'],
      ['copied', 'b'],
    ],
  );
  await server.stop();
  assert.deepEqual(pier.files('incoming', 'missing-one'), ['a', 'b']);
});

test('a copy that died between its two names is uploaded once, with one record', needsSwift, async (t) => {
  const pier = await Pier.make(t, swift());
  const directory = sources(pier, { a: 'content of a', b: 'content of b' });
  const args = copyArgs(pier, '-r', directory, `s3://lab/${pier.bucket}`);
  const died = await runProgram(args, { WHARFINGER_CRASH_AT: 'copy-in.renamed' });
  assert.equal(died.signal, 'SIGKILL');
  const { code, stderr } = await pier.once();
  assert.equal(code, 0, stderr);
  await pier.assertAllUploadedOnce();
  assert.deepEqual(
    pier.records().map(({ current_state }) => current_state),
    ['completed', 'completed'],
  );
});

test(
  'a server that is faster than the copy’s own record goes on with it, and is not undone',
  needsSwift,
  async (t) => {
    const pier = await Pier.make(t, swift());
    const directory = sources(pier, { a: 'content of a' });
    await using server = pier.serve();
    await server.waitFor('discoverer.started');
    const pauseFile = join(pier.root, 'paused');
    await using copying = new Program(copyArgs(pier, '-r', '--wait', directory, `s3://lab/${pier.bucket}`), {
      WHARFINGER_PAUSE_AT: 'copy-in.renamed',
      WHARFINGER_PAUSE_FILE: pauseFile,
    });
    await server.waitFor('file.uploaded');
    await pier.until('the record is over', () => pier.records()[0]?.current_state === 'completed');
    assert.deepEqual(statesOf(pier, 1), ['incoming_tmp', 'processing', 'completed']);
    unlinkSync(pauseFile);
    const { code, stderr } = await copying.exited;
    assert.equal(code, 0, stderr);
    await server.stop();
    await pier.assertAllUploadedOnce();
    assert.equal(pier.records().length, 1);
  },
);
