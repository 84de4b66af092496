import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join, toText } from '../../../../shared/fs/byte-path.ts';
import { cli } from '../../../support/cli.ts';
import {
  addCandidate,
  addDuplicate,
  addJob,
  commitFile,
  makeState,
  T0,
  writeAt,
} from '../../../support/state.ts';

test('trace tells a person where a file is, where it is recorded, and what came again', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a.csv', { content: 'aa' });
  const duplicate = addDuplicate(fixture, row, 'b.csv', { content: 'aa' });
  const cwd = toText(fixture.input);
  const { stdout, exitCode } = await cli(['trace', 'a.csv', '--state-path', fixture.statePath], { cwd });
  assert.equal(exitCode, 0);
  assert.equal(
    stdout,
    `\
${row.source}: nothing is there
in custody as #1
  SHA-256     ${row.sha256.toString('hex')}
  source      ${row.source}
  hashed      2024-11-02 10:00:00 UTC
  committed   2024-11-02 10:00:00 UTC
  path        ${row.destination}
  now there   yes, 2 B
  manifest    ${fixture.manifests}/2024/11/02/10/manifest.jsonl:1
  route       orders
  duplicate   ${duplicate.source}, moved to ${duplicate.destination}, 2024-11-02 10:00:00 UTC
`,
  );
});

test('trace tells what a file waits for', async (context) => {
  const fixture = makeState(context);
  const path = addCandidate(fixture, 'slow.csv', { waitsFor: 'writer', dueMs: T0 + 1000 });
  const id = addJob(fixture, 'slow.csv', { state: 'failed', reason: 'it is cursed', attempts: 5 });
  const { stdout } = await cli(['trace', toText(path), '--state-path', fixture.statePath], {
    nowMs: T0 + 90_000,
  });
  assert.equal(
    stdout,
    `\
${path}: nothing is there
not complete yet
  waits for   the program that has it open for writing to close it
  first seen  2024-11-02 10:00:00 UTC, 1 min 30 s ago
  next look   at 2024-11-02 10:00:01 UTC
  route       orders
in the queue as ingest job ${id}
  state       failed; once mended: wharfinger queue retry ${id}
  reason      it is cursed
  attempts    5
  queued      2024-11-02 10:00:00 UTC
`,
  );
});

test('trace --json has the documented keys', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a.csv', { content: 'aa' });
  const { stdout } = await cli([
    'trace',
    row.sha256.toString('hex', 0, 4),
    '--json',
    '--state-path',
    fixture.statePath,
  ]);
  assert.deepEqual(JSON.parse(stdout), {
    found: null,
    candidate: null,
    jobs: [],
    custody: [
      {
        id: 1,
        state: 'committed',
        sha256: row.sha256.toString('hex'),
        size: 2,
        route: 'orders',
        source: row.source,
        path: row.destination,
        decided_at: '2024-11-02T10:00:00.000Z',
        committed_at: '2024-11-02T10:00:00.000Z',
        now: { kind: 'file', size: 2 },
        manifest: { path: join(fixture.manifests, '2024/11/02/10/manifest.jsonl'), line: 1, offset: 0 },
        duplicates: [],
        uploads: [],
        loads: [],
        archives: [],
      },
    ],
    uploads: [],
    loads: [],
    why_unknown: null,
  });
});

test('trace of a file that nobody has seen says why, and of nothing at all is wrong usage', async (context) => {
  const fixture = makeState(context);
  const path = join(fixture.input, 'half.part');
  writeAt(path, 'half');
  const there = await cli(['trace', toText(path), '--state-path', fixture.statePath]);
  assert.equal(there.exitCode, 0);
  assert.match(
    there.stdout,
    /nothing is known of it: half\.part is never taken: temporary: its name ends with \.part\n$/,
  );
  for (const subject of ['no-such-file', '0123456789abcdef', '']) {
    const nowhere = await cli(['trace', subject, '--state-path', fixture.statePath], {
      cwd: toText(fixture.directory),
    });
    assert.equal(nowhere.exitCode, 2, subject);
    assert.match(nowhere.stderr, /^wharfinger: nothing is known of .*\n$/);
  }
});
