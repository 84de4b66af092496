import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, fromText, join, toBytes, toText } from '../../../../shared/fs/byte-path.ts';
import { parseSubject } from '../../../../shared/ledger/trace/subject.ts';
import { isKnown, trace } from '../../../../shared/ledger/trace/trace.ts';
import { whyUnknown } from '../../../../shared/ledger/trace/why-unknown.ts';
import { manifestPathOf } from '../../../../shared/manifest/record.ts';
import { FileRecords } from '../../../../shared/uploads/file-records.ts';
import {
  addCandidate,
  addDuplicate,
  addJob,
  commitFile,
  decideFile,
  makeState,
  T0,
  writeAt,
} from '../../../support/state.ts';

test('a committed file is found by where it was, by where it is, and by its SHA-256', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'first');
  const row = commitFile(fixture, 'a', { content: 'aa' });
  commitFile(fixture, 'last');
  const sha256 = row.sha256.toString('hex');
  const manifest = manifestPathOf(fixture.manifests, T0);
  const offset = readFileSync(toBytes(manifest), 'utf8').indexOf('\n') + 1;
  for (const subject of [
    { path: row.source },
    { path: row.destination },
    { sha256 },
    { sha256: sha256.slice(0, 8) },
  ]) {
    const { custody } = await trace(fixture.state, subject);
    assert.equal(custody.length, 1);
    const [found] = custody;
    assert.equal(found?.row.id, row.id);
    assert.equal(found.row.route, 'orders');
    assert.equal(found.row.committedMs, T0);
    assert.deepEqual(found.now, { kind: 'file', sizeBytes: 2, sha256: undefined });
    assert.deepEqual(found.manifest, { path: manifest, line: 2, offset });
  }
});

test('a file is found by its content under whatever name it has now', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a', { content: 'aa' });
  const copy = join(fixture.directory, 'copy');
  writeFileSync(toBytes(copy), 'aa');
  const traced = await trace(fixture.state, { path: copy });
  assert.deepEqual(traced.found, { kind: 'file', sizeBytes: 2, sha256: row.sha256.toString('hex') });
  assert.deepEqual(
    traced.custody.map((custody) => custody.row.id),
    [row.id],
  );
});

test('content that is never a duplicate is found by its SHA-256 as well, each time that it came', async (context) => {
  const fixture = makeState(context);
  const ids = ['a', 'b'].map((name) => {
    const row = commitFile(fixture, name, { content: name });
    const sha256 = Buffer.alloc(32, 0xab);
    fixture.state
      .prepare('UPDATE ledger SET dedupe_scope = NULL, sha256 = ? WHERE id = ?')
      .run(sha256, row.id);
    return row.id;
  });
  const other = commitFile(fixture, 'c');
  fixture.state
    .prepare('UPDATE ledger SET dedupe_scope = 7, sha256 = ? WHERE id = ?')
    .run(Buffer.alloc(32, 0xab), other.id);
  const { custody } = await trace(fixture.state, { sha256: 'abababab' });
  assert.deepEqual(
    custody.map(({ row }) => row.id),
    [...ids, other.id],
  );
});

test('duplicates lead to the content that they repeat, and are shown with it', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a', { content: 'aa' });
  const { id, source, destination } = addDuplicate(fixture, row, 'again', { content: 'aa' });
  for (const path of [source, destination]) {
    const { custody } = await trace(fixture.state, { path });
    assert.equal(custody[0]?.row.id, row.id);
    assert.deepEqual(custody[0].duplicates, [
      {
        id,
        ledgerId: row.id,
        state: 'settled',
        action: 'move',
        route: 'orders',
        sizeBytes: 2,
        source,
        destination,
        decidedMs: T0,
        settledMs: T0,
      },
    ]);
  }
});

test('a file that waits is found with its candidate and its job', async (context) => {
  const fixture = makeState(context);
  const path = addCandidate(fixture, 'slow', { waitsFor: 'writer' });
  const id = addJob(fixture, 'slow', { state: 'failed', reason: 'cannot be read' });
  const traced = await trace(fixture.state, { path });
  assert.equal(traced.candidate?.waitsFor, 'writer');
  assert.deepEqual(
    traced.jobs.map((job) => [job.id, job.reason]),
    [[id, 'cannot be read']],
  );
  assert.deepEqual(traced.found, { kind: 'nothing' });
  assert.ok(isKnown(traced));
});

test('a row in flight has no manifest yet, and a file that is gone is said to be', async (context) => {
  const fixture = makeState(context);
  const row = decideFile(fixture, 'a');
  const inFlight = await trace(fixture.state, { path: row.source });
  assert.equal(inFlight.custody[0]?.row.state, 'in_flight');
  assert.equal(inFlight.custody[0]?.manifest, undefined);
  const gone = commitFile(fixture, 'b');
  rmSync(toBytes(gone.destination));
  rmSync(toBytes(manifestPathOf(fixture.manifests, T0)));
  const traced = await trace(fixture.state, { path: gone.source });
  assert.deepEqual(traced.custody[0]?.now, { kind: 'nothing' });
  assert.equal(traced.custody[0]?.manifest, undefined);
});

test('the same name that came several times shows all that came under it', async (context) => {
  const fixture = makeState(context);
  const monday = commitFile(fixture, 'daily', { content: 'monday' });
  rmSync(toBytes(monday.destination));
  const tuesday = commitFile(fixture, 'daily', { content: 'tuesday', decidedMs: T0 + 86_400_000 });
  const { custody } = await trace(fixture.state, { path: monday.source });
  assert.deepEqual(
    custody.map(({ row }) => row.id),
    [monday.id, tuesday.id],
  );
});

test('the ways of a file to object storage are told with its row, and those of other files by themselves', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a');
  const other = join(fixture.directory, 'incoming');
  const records = new FileRecords(fixture.state);
  const stay = {
    ...{ profile: 'lab', bucket: 'archive', filepath: 'a', createdAt: '2024-11-02T10:00:00.000000000Z' },
    ...{
      state: 'processing' as const,
      bucketId: undefined,
      sinkId: 1,
      jobId: undefined,
      nextPath: undefined,
    },
    ...{ device: 1n, inode: 2n, sizeBytes: 3, mtimeNs: 4n },
  };
  const handedOn = records.add({ ...stay, path: row.destination, ledgerId: row.id }, T0);
  const alone = records.add({ ...stay, path: other, ledgerId: undefined }, T0);
  const ofRow = await trace(fixture.state, { path: row.destination });
  assert.deepEqual(
    ofRow.custody[0]?.uploads.map(({ id }) => id),
    [handedOn],
  );
  assert.deepEqual(ofRow.uploads, []);
  const ofOther = await trace(fixture.state, { path: other });
  assert.deepEqual(
    ofOther.uploads.map(({ id, attempt }) => [id, attempt]),
    [[alone, 2]],
  );
  assert.ok(isKnown(ofOther));
});

test('an argument is a path where it has a slash or something of that name is there, and else a SHA-256', (context) => {
  const { directory } = makeState(context);
  const cwd = toText(directory);
  const here = (name: string) => ({ path: fromText(`${cwd}/${name}`) });
  assert.deepEqual(parseSubject('in/a.csv', cwd), here('in/a.csv'));
  assert.deepEqual(parseSubject('../x', cwd), { path: fromText(`${cwd}/../x`.replace(/\/[^/]+\/\.\./, '')) });
  assert.deepEqual(parseSubject('a.csv', cwd), here('a.csv'));
  assert.deepEqual(parseSubject('DEADBEEF', cwd), { sha256: 'deadbeef' });
  assert.deepEqual(parseSubject('deadbee', cwd), here('deadbee'), 'seven digits are too few');
  assert.deepEqual(parseSubject('a'.repeat(65), cwd), here('a'.repeat(65)));
  mkdirSync(toBytes(join(directory, 'deadbeef')));
  assert.deepEqual(parseSubject('deadbeef', cwd), here('deadbeef'));
  const bytes = '/in/\xff\xfe' as BytePath;
  assert.deepEqual(parseSubject(`base64:${toBytes(bytes).toString('base64')}`, cwd), { path: bytes });
  assert.throws(() => parseSubject('base64:AAAA', cwd), { name: 'UsageError' });
});

test('a file of which nothing is known is told why', async (context) => {
  const fixture = makeState(context);
  const { state, input, directory } = fixture;
  const why = async (path: BytePath) => whyUnknown(state, { path }, await trace(state, { path }));
  writeAt(join(input, 'new'), 'new');
  writeAt(join(input, 'half.part'), 'half');
  writeAt(join(directory, 'outside'), 'outside');
  assert.match(await why(join(input, 'new')), /no scan has met it yet/);
  assert.match(await why(join(input, 'half.part')), /never taken: temporary: its name ends with .part/);
  assert.match(await why(join(directory, 'outside')), /in no input directory/);
  assert.match(await why(input), /a directory/);
  assert.match(await why(join(input, 'gone')), /no such file/);
});
