import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startFaultProxy } from '../../../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../../../support/object-store/swift.ts';
import { type LogRecord, Program, runProgram } from '../../../support/program.ts';
import { tempDir } from '../../../support/temp.ts';

const swift = swiftOfFile();

/** Two directories, and what `watch` is told of them. */
async function harbour(context: TestContext, lines: readonly string[] = []) {
  const directory = tempDir(context);
  const [red, blue] = [join(directory, 'red'), join(directory, 'blue')];
  mkdirSync(red);
  mkdirSync(blue);
  const [first, second] = [await swift().makeBucket(), await swift().makeBucket()];
  const file = join(directory, 'targets.yaml');
  writeFileSync(
    file,
    [
      'profile: lab',
      `credentials: ${swift().credentialsFile}`,
      'state_path: state.db',
      'workers: 2',
      'key: "{route}/{path}"',
      ...lines,
      'targets:',
      `  - {target: red, bucket: ${first}}`,
      `  - {target: blue, bucket: ${second}, decompress: false}`,
    ].join('\n'),
  );
  return { directory, red, blue, first, second, args: ['watch', '--target', file] };
}

const isUploaded =
  (source: string) =>
  ({ event, source: of }: LogRecord): boolean =>
    event === 'file.uploaded' && of === source;

const keysIn = async (bucket: string) => (await swift().objects(bucket)).map(({ key }) => key);

test(
  'each target has its own discoverer, and a file leaves it once it is in its bucket, unpacked',
  needsSwift,
  async (t) => {
    const { red, blue, first, second, args } = await harbour(t);
    await using program = new Program(args);
    await program.waitFor(
      ({ event, process }) => event === 'discoverer.started' && process === 'discoverer-1',
    );
    await program.waitFor(
      ({ event, process }) => event === 'discoverer.started' && process === 'discoverer-2',
    );
    const [report, packed] = [join(red, 'report.csv.gz'), join(blue, 'report.csv.gz')];
    writeFileSync(report, gzipSync('a,b\n1,2\n'));
    writeFileSync(packed, gzipSync('a,b\n1,2\n'));
    await program.waitFor(isUploaded(report));
    await program.waitFor(isUploaded(packed));
    assert.deepEqual(await keysIn(first), ['red/report.csv']);
    assert.equal(String(await swift().read(first, 'red/report.csv')), 'a,b\n1,2\n');
    assert.deepEqual(await swift().read(second, 'blue/report.csv.gz'), gzipSync('a,b\n1,2\n'));
    assert.deepEqual([readdirSync(red), readdirSync(blue)], [[], []]);
    assert.equal((await program.stop()).code, 0);
  },
);

test('a file stays while the server has not said that it has it', needsSwift, async (t) => {
  const { directory, red, first, args } = await harbour(t);
  const proxy = await startFaultProxy(t, swift().url);
  const credentials = join(directory, 'credentials');
  const text = readFileSync(swift().credentialsFile, 'utf8').replace(swift().url, proxy.url);
  writeFileSync(credentials, text, { mode: 0o600 });
  const sent = proxy.pauseAt({ method: 'PUT' }, 'reply');
  await using program = new Program(args, { WHARFINGER_CREDENTIALS: credentials });
  const source = join(red, 'a');
  writeFileSync(source, 'content');
  await sent.reached;
  assert.deepEqual([await keysIn(first), readdirSync(red)], [['red/a'], ['a']]);
  sent.release();
  await program.waitFor(isUploaded(source));
  assert.deepEqual(readdirSync(red), []);
  assert.equal((await program.stop()).code, 0);
});

test('a discoverer that is killed is started again, while the other goes on', needsSwift, async (t) => {
  const { red, blue, args } = await harbour(t);
  await using program = new Program(args);
  const began = (name: string) => (record: LogRecord) =>
    record.event === 'discoverer.started' && record.process === name;
  const { pid } = await program.waitFor(began('discoverer-1'));
  await program.waitFor(began('discoverer-2'));
  process.kill(Number(pid), 'SIGKILL');
  const died = await program.waitFor('discoverer.died');
  assert.equal(died.name, 'discoverer-1');
  writeFileSync(join(red, 'a'), 'red');
  writeFileSync(join(blue, 'a'), 'blue');
  await program.waitFor(isUploaded(join(red, 'a')));
  await program.waitFor(isUploaded(join(blue, 'a')));
  assert.equal(program.log.filter(({ event }) => event === 'discoverer.died').length, 1);
  assert.equal((await program.stop()).code, 0);
});

test('one pass uploads what is there in all targets and exits with 0', needsSwift, async (t) => {
  const { red, blue, first, second, args } = await harbour(t);
  for (const name of ['a', 'b']) writeFileSync(join(red, name), name);
  writeFileSync(join(blue, 'c'), 'c');
  const { code, stderr } = await runProgram([...args, '--once']);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /"uploaded":3,"uploaded_bytes":3,.*"msg":"3 uploaded, 0 failed"/);
  assert.deepEqual(await keysIn(first), ['red/a', 'red/b']);
  assert.deepEqual(await keysIn(second), ['blue/c']);
  const stats = await runProgram(['queue', 'stats', '--json', '--state-path', join(red, '../state.db')]);
  const { uploaded, uploaded_bytes, committed } = JSON.parse(stats.stdout);
  assert.deepEqual({ uploaded, uploaded_bytes, committed }, { uploaded: 3, uploaded_bytes: 3, committed: 0 });
});

test('one pass that leaves a broken file behind exits with 3, and the file stays', needsSwift, async (t) => {
  const { red, first, args } = await harbour(t);
  writeFileSync(join(red, 'whole'), 'whole');
  writeFileSync(join(red, 'broken.gz'), gzipSync('x'.repeat(1000)).subarray(0, 20));
  const { code, stderr } = await runProgram([...args, '--once']);
  assert.equal(code, 3, stderr);
  assert.deepEqual(readdirSync(red), ['broken.gz']);
  assert.deepEqual(await keysIn(first), ['red/whole']);
});

test('a file whose bucket is missing stays, and the exit code is 3', needsSwift, async (t) => {
  const { red, args } = await harbour(t);
  writeFileSync(join(red, 'a'), 'a');
  const { code, stderr } = await runProgram([...args, '--once'], { WHARFINGER_BUCKET: 'not-there' });
  assert.equal(code, 3, stderr);
  assert.match(stderr, /there is no bucket not-there/);
  assert.equal(existsSync(join(red, 'a')), true);
});

test('a file is moved away where that is asked for, only after its upload', needsSwift, async (t) => {
  const { directory, red, first, args } = await harbour(t, ['after: move', 'moved_to: sent']);
  mkdirSync(join(red, 'deep'));
  writeFileSync(join(red, 'deep/a'), 'a');
  const { code, stderr } = await runProgram([...args, '--once']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(await keysIn(first), ['red/deep/a']);
  assert.deepEqual(
    [existsSync(join(red, 'deep/a')), existsSync(join(directory, 'sent/deep/a'))],
    [false, true],
  );
});

test('what is missing before the start ends it: a target with 5, a profile with 2', needsSwift, async (t) => {
  const { red, args } = await harbour(t);
  const wrong = await runProgram(args, { WHARFINGER_PROFILE: 'lba' });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^wharfinger: there is no profile "lba" in .*, only lab; did you mean lab\?\n$/);
  rmSync(red, { recursive: true });
  const missing = await runProgram(args);
  assert.equal(missing.code, 5);
  assert.match(missing.stderr, /^wharfinger: the target .*\/red does not exist; make it, .*--target\n$/);
});
