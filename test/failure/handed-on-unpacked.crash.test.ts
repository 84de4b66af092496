import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Chandler, Slip, sums } from '../support/handed-on.ts';
import { startFaultProxy } from '../support/object-store/fault-proxy.ts';
import { needsSwift, swiftOfFile } from '../support/object-store/swift.ts';
import { sha256Of } from '../support/wharf.ts';

const swift = swiftOfFile();

const MIB = 1024 * 1024;
const TOOLS = ['bzip2', 'xz', 'zip'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
const needsTools = { skip: needsSwift.skip || (TOOLS.length > 0 && `there is no ${TOOLS.join(', ')}`) };

/** What a packer on this machine makes of a content. */
function packed(tool: 'bzip2' | 'xz', content: string): Buffer {
  const { stdout, status } = spawnSync(tool, ['-c'], { input: content });
  assert.equal(status, 0);
  return stdout;
}

/** An archive of these members, in this order. */
function zipped(directory: string, members: Readonly<Record<string, string>>): Buffer {
  const archive = join(directory, 'made.zip');
  for (const [name, content] of Object.entries(members)) writeFileSync(join(directory, name), content);
  const { status } = spawnSync('zip', ['-q', '-0', archive, ...Object.keys(members)], { cwd: directory });
  assert.equal(status, 0);
  const bytes = readFileSync(archive);
  for (const name of ['made.zip', ...Object.keys(members)]) rmSync(join(directory, name));
  return bytes;
}

const MEMBERS = { 'one.csv': 'first', 'two.csv': 'second', 'three.csv': 'third' };

/** One file of each format, and the objects that it is to become. */
function cargo(directory: string): {
  files: Record<string, Buffer | string>;
  objects: Record<string, string>;
} {
  const parts = [gzipSync('begin, '), gzipSync(''), gzipSync('end')];
  return {
    files: {
      'a.csv.gz': gzipSync('of gzip'),
      'b.csv.gz': Buffer.concat(parts),
      'c.csv.zst': zstdCompressSync('of zstd'),
      'd.csv.bz2': packed('bzip2', 'of bzip2'),
      'e.csv.xz': packed('xz', 'of xz'),
      'f.zip': zipped(directory, MEMBERS),
      'g.csv': 'plain',
      'h.gz': 'not packed at all',
      'i.bin': gzipSync('packed, and nobody says so'),
      'j.csv.gz': '',
    },
    objects: {
      'a.csv': 'of gzip',
      'b.csv': 'begin, end',
      'c.csv': 'of zstd',
      'd.csv': 'of bzip2',
      'e.csv': 'of xz',
      'f/one.csv': 'first',
      'f/two.csv': 'second',
      'f/three.csv': 'third',
      'g.csv': 'plain',
      'h.gz': 'not packed at all',
      'i.bin': 'packed, and nobody says so',
      'j.csv.gz': '',
    },
  };
}

test(
  'watch unpacks every format by what is in the file, and leaves the rest as it is',
  needsTools,
  async (t) => {
    const slip = await Slip.make(t, swift());
    const { files, objects } = cargo(slip.root);
    for (const [name, content] of Object.entries(files)) slip.write(name, content);
    const { code, stderr } = await slip.once();
    assert.equal(code, 0, stderr);
    assert.deepEqual(await slip.objects(slip.bucket), sums(objects));
    assert.deepEqual(slip.left(), []);
    await slip.assertAtRest(slip.bucket);
  },
);

test('a sink that unpacks does the same, and the warehouse keeps what came', needsTools, async (t) => {
  const bucket = await swift().makeBucket();
  const chandler = new Chandler(t, swift(), [{ bucket, key: '{path}', decompress: true }]);
  const { files, objects } = cargo(chandler.root);
  for (const [name, content] of Object.entries(files)) chandler.drop(name, content);
  const { code, stderr } = await chandler.once();
  assert.equal(code, 0, stderr);
  assert.deepEqual(await chandler.objects(bucket), sums(objects));
  for (const [name, content] of Object.entries(files))
    assert.deepEqual(readFileSync(chandler.at(name)), Buffer.from(content), name);
  await chandler.assertAtRest(bucket);
});

/** Members of which the last one is damaged in its content, which only its checksum tells. */
function brokenZip(directory: string): Buffer {
  const bytes = zipped(directory, MEMBERS);
  bytes.write('thirD', bytes.indexOf('third'));
  return bytes;
}

test(
  'what is cut off, damaged, or a bomb fails with its reason, stays, and leaves nothing in the bucket',
  needsTools,
  async (t) => {
    const slip = await Slip.make(t, swift(), {
      options: ['--max-output-bytes', '40MiB', '--max-ratio', '100'],
    });
    // More than is kept in memory, so that parts are on their way when it turns out.
    const incompressible = randomBytes(30 * MIB);
    const files: Record<string, [Buffer, RegExp]> = {
      'cut.gz': [gzipSync(incompressible, { level: 1 }).subarray(0, 28 * MIB), /ends before|truncated|cut/i],
      'small-cut.gz': [gzipSync('x'.repeat(1000)).subarray(0, 20), /ends before|truncated|cut/i],
      'bomb.gz': [gzipSync(Buffer.alloc(35 * MIB)), /more than 100 times its \d+ bytes/],
      'large.gz': [gzipSync(randomBytes(41 * MIB), { level: 1 }), /more than the 41943040 bytes/],
      'broken.zip': [brokenZip(slip.root), /member "three\.csv" has another checksum/],
    };
    for (const [name, [content]] of Object.entries(files)) slip.write(name, content);
    slip.write('whole.gz', gzipSync('whole'));
    const { code, stderr } = await slip.once();
    assert.equal(code, 3, stderr);
    assert.deepEqual(await slip.objects(slip.bucket), sums({ whole: 'whole' }));
    assert.deepEqual(await swift().uploads(slip.bucket), []);
    assert.deepEqual(slip.left(), Object.keys(files).sort());
    for (const [name, [content, reason]] of Object.entries(files)) {
      const job = slip.jobs().find(({ key }) => key === slip.at(name));
      assert.equal(job?.state, 'failed', name);
      assert.match(job?.reason ?? '', reason, name);
      assert.equal(sha256Of(readFileSync(slip.at(name))), sha256Of(content), name);
    }
    const again = await slip.once();
    assert.equal(again.code, 3);
    assert.equal(slip.records().length, 6, 'what failed is not tried again by itself');
    // Whoever mends one has it sent.
    slip.write('small-cut.gz', gzipSync('mended'));
    await slip.once();
    assert.deepEqual(await slip.objects(slip.bucket), sums({ whole: 'whole', 'small-cut': 'mended' }));
  },
);

test('an archive of which one member can have no key leaves none of its members', needsTools, async (t) => {
  const slip = await Slip.make(t, swift(), { options: ['--key', `${'k'.repeat(900)}/{path}`] });
  slip.write('a.zip', zipped(slip.root, { 'one.csv': 'first', ['z'.repeat(200)]: 'second' }));
  const { code, stderr } = await slip.once();
  assert.equal(code, 3, stderr);
  assert.match(slip.jobs()[0]?.reason ?? '', /1024|1,024/);
  assert.deepEqual(await swift().objects(slip.bucket), []);
  assert.deepEqual(slip.left(), ['a.zip']);
});

test('what was unpacked by a worker that dies is said with its keys by the next', needsSwift, async (t) => {
  const slip = await Slip.make(t, swift());
  slip.write('a.csv.gz', gzipSync('a'));
  const died = join(slip.root, 'died');
  await using program = slip.run({
    WHARFINGER_CRASH_AT: 'upload.concluded',
    WHARFINGER_CRASH_ONCE: died,
  });
  const uploaded = await program.waitFor('file.uploaded');
  assert.ok(existsSync(died));
  assert.equal(uploaded.key, 'a.csv');
  assert.equal((await program.stop()).code, 0);
  assert.deepEqual(await slip.objects(slip.bucket), sums({ 'a.csv': 'a' }));
  await slip.assertAtRest(slip.bucket);
});

test(
  'a file and what has its name when it is unpacked are two objects, whenever they come',
  needsSwift,
  async (t) => {
    const slip = await Slip.make(t, swift());
    for (const round of ['1', '2']) {
      for (const [name, content] of [
        ['a.csv', `plain ${round}`],
        ['a.csv.gz', gzipSync(`packed ${round}`)],
        ['a.csv.zst', zstdCompressSync(`packed otherwise ${round}`)],
      ] as const)
        slip.write(name, content);
      const { code, stderr } = await slip.once();
      assert.equal(code, 0, stderr);
    }
    const contents = ['1', '2'].flatMap((round) => [
      `plain ${round}`,
      `packed ${round}`,
      `packed otherwise ${round}`,
    ]);
    const objects = await slip.objects(slip.bucket);
    assert.deepEqual(Object.values(objects).sort(), contents.map(sha256Of).sort());
    const before = Object.keys(objects);
    slip.write('a.csv', 'plain 1');
    slip.write('a.csv.gz', gzipSync('packed 2'));
    await slip.once();
    assert.deepEqual(Object.keys(await slip.objects(slip.bucket)), before, 'what is there is known by name');
    await slip.assertAtRest(slip.bucket);
  },
);

/** The most memory that a process has had so far. */
const peakBytes = (pid: number): number =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

for (const [what, count, sizeBytes, mostBytes] of [
  ['a large file is', 1, 300 * MIB, 250 * MIB],
  ['many files that are small until then are', 16, 24 * MIB, 350 * MIB],
] as const)
  test(`${what} unpacked and sent with little memory`, needsSwift, async (t) => {
    const slip = await Slip.make(t, swift());
    // A thousandth of it: no bomb, and small enough to be claimed with many others.
    const content = gzipSync(Buffer.alloc(sizeBytes, 'x'));
    for (let n = 0; n < count; n++) slip.write(`${n}.csv.gz`, Buffer.concat([content, gzipSync(`${n}`)]));
    await using program = slip.run({}, '--workers', '1');
    const { pid } = await program.waitFor('worker.started');
    await slip.until('all are sent', () => slip.left().length === 0);
    const peak = peakBytes(Number(pid));
    assert.ok(peak < mostBytes, `${Math.round(peak / MIB)} MiB at the most`);
    assert.equal((await program.stop()).code, 0);
    const objects = await swift().objects(slip.bucket);
    assert.equal(objects.length, count);
    assert.ok(objects.every((object) => object.sizeBytes > sizeBytes));
  });

test(
  'a file whose worker is killed while its unpacked content is sent in parts goes on with the same upload',
  needsSwift,
  async (t) => {
    const proxy = await startFaultProxy(t, swift().url);
    const slip = await Slip.make(t, swift(), { url: proxy.url });
    const content = randomBytes(20 * MIB).toString('hex');
    slip.write('a.txt.gz', gzipSync(content, { level: 1 }));
    const held = proxy.pauseAt({ method: 'PUT', path: /partNumber=3/ });
    await using program = slip.run({}, '--workers', '1');
    await held.reached;
    const recorded = () => slip.read<{ number: number }>('SELECT number FROM object_parts ORDER BY number');
    await slip.until('the others of its time are there', () => recorded().length === 4);
    const { pid } = await program.waitFor('worker.started');
    process.kill(Number(pid), 'SIGKILL');
    await slip.until('it is sent', () => slip.left().length === 0);
    held.release();
    assert.equal((await program.stop()).code, 0);
    assert.deepEqual(await slip.objects(slip.bucket), sums({ 'a.txt': content }));
    const parts = proxy.requests
      .filter(({ method, status }) => method === 'PUT' && status === 200)
      .flatMap(({ path }) => /partNumber=(\d+)/.exec(path)?.[1] ?? []);
    assert.deepEqual(parts.sort(), ['1', '2', '3', '4', '5'], 'each part once');
    await slip.assertAtRest(slip.bucket);
  },
);
