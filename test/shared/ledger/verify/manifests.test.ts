import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type BytePath, toBytes } from '../../../../shared/fs/byte-path.ts';
import { Ledger } from '../../../../shared/ledger/ledger.ts';
import { manifestLine, manifestPathOf } from '../../../../shared/manifest/record.ts';
import { appendRecord, commitFile, decideFile, makeState, T0 } from '../../../support/state.ts';
import { verified } from './harness.ts';

const HOUR_MS = 3_600_000;

/** Replaces text in a manifest by text of the same length, so that its committed length stays true. */
function tamper(path: BytePath, from: string, to: string): void {
  assert.equal(Buffer.byteLength(from), Buffer.byteLength(to));
  const text = readFileSync(toBytes(path), 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(toBytes(path), text.replace(from, to));
}

test('a committed row without a record is reported with the manifest it should be in', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'good');
  const row = decideFile(fixture, 'a');
  mkdirSync(toBytes(fixture.warehouse), { recursive: true });
  writeFileSync(toBytes(row.destination), readFileSync(toBytes(row.source)));
  new Ledger(fixture.state).commit(row.id, T0);
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, path, id }) => ({ problem, path, id })),
    [{ problem: 'missing-line', path: row.destination, id: row.id }],
  );
  assert.match(findings[0]?.detail ?? '', /2024\/11\/02\/10\/manifest\.jsonl$/);
});

test('a record of a row that is not there, or not committed, is unknown', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a');
  const inFlight = decideFile(fixture, 'b');
  const path = manifestPathOf(fixture.manifests, T0);
  appendRecord(fixture, path, manifestLine({ ...row, id: 99 }, 'orders'));
  appendRecord(fixture, path, manifestLine(inFlight, 'orders'));
  const { findings } = await verified(fixture);
  assert.deepEqual(findings, [
    { problem: 'unknown-line', path, line: 2, id: 99, detail: 'no row of the ledger has this id' },
    { problem: 'unknown-line', path, line: 3, id: inFlight.id, detail: 'the row is not committed' },
  ]);
});

test('a second record of one row is a repetition', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a');
  const path = manifestPathOf(fixture.manifests, T0);
  appendRecord(fixture, path, manifestLine(row, 'orders'));
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, line, id }) => ({ problem, line, id })),
    [{ problem: 'repeated-line', line: 2, id: row.id }],
  );
});

test('a record in the manifest of another hour is misplaced', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a');
  const right = manifestPathOf(fixture.manifests, T0);
  const wrong = manifestPathOf(fixture.manifests, T0 + HOUR_MS);
  const text = readFileSync(toBytes(right), 'utf8');
  rmSync(toBytes(right));
  fixture.state.exec('DELETE FROM manifests');
  appendRecord(fixture, wrong, text);
  const { findings } = await verified(fixture);
  assert.deepEqual(findings, [
    {
      problem: 'misplaced-line',
      path: wrong,
      line: 1,
      id: row.id,
      detail: 'belongs into 2024/11/02/10/manifest.jsonl',
    },
  ]);
});

for (const [field, from, to] of [
  ['size', '"size":12', '"size":13'],
  ['sha256', '"sha256":"', '"sha256":"0'],
  ['source', '/in/a"', '/in/z"'],
  ['path', '/a"', '/z"'],
  ['ingested_at', 'T10:00:00.000Z', 'T10:00:00.001Z'],
] as const) {
  test(`a record with another ${field} than the ledger differs in ${field}`, async (context) => {
    const fixture = makeState(context);
    const row = commitFile(fixture, 'a', { content: 'content of a' });
    commitFile(fixture, 'good');
    const path = manifestPathOf(fixture.manifests, T0);
    const hash = row.sha256.toString('hex');
    if (field === 'sha256') tamper(path, `${from}${hash}`, `${to}${hash.slice(1)}`);
    else tamper(path, from, to);
    const { findings } = await verified(fixture);
    assert.deepEqual(
      findings.map(({ problem, line, id }) => ({ problem, line, id })),
      [{ problem: 'different-line', line: 1, id: row.id }],
    );
    assert.match(findings[0]?.detail ?? '', new RegExp(`^${field} is .*, should be `));
  });
}

test('digits beyond what a number of JavaScript holds are compared too', async (context) => {
  const fixture = makeState(context);
  const row = commitFile(fixture, 'a');
  fixture.state.prepare('UPDATE ledger SET inode = 9007199254740993 WHERE id = ?').run(row.id);
  const path = manifestPathOf(fixture.manifests, T0);
  const recorded = { ...row, inode: 9007199254740992n };
  rmSync(toBytes(path));
  fixture.state.exec('DELETE FROM manifests');
  appendRecord(fixture, path, manifestLine(recorded, 'orders'));
  const { findings } = await verified(fixture);
  assert.deepEqual(findings, [
    { problem: 'different-line', path, line: 1, id: row.id, detail: 'the same fields in other bytes' },
  ]);
});

test('bytes that are no record are reported where they are, torn or not, and the records around them count', async (context) => {
  const fixture = makeState(context);
  const path = manifestPathOf(fixture.manifests, T0);
  commitFile(fixture, 'a');
  const before = readFileSync(toBytes(path)).length;
  appendRecord(fixture, path, '{"path":"/torn\n');
  appendRecord(fixture, path, '\0\0\0\n');
  commitFile(fixture, 'b');
  appendRecord(fixture, path, '{"id":', 0);
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, line }) => [problem, line]),
    [
      ['bad-line', 2],
      ['bad-line', 3],
      ['bad-line', 5],
    ],
  );
  assert.equal(findings[0]?.detail, `15 bytes at byte ${before} are not a record`);
});

test('a hole without a line end, however long, is one bad line', async (context) => {
  const fixture = makeState(context);
  const path = manifestPathOf(fixture.manifests, T0);
  commitFile(fixture, 'a');
  appendRecord(fixture, path, `${'\0'.repeat(5 << 20)}\n`);
  commitFile(fixture, 'b');
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, line }) => [problem, line]),
    [['bad-line', 2]],
  );
  assert.match(findings[0]?.detail ?? '', /^5242881 bytes at byte /);
});

test('a manifest that is gone is one disagreement, not one for each of its records', async (context) => {
  const fixture = makeState(context);
  for (const name of ['a', 'b', 'c']) commitFile(fixture, name);
  commitFile(fixture, 'good', { decidedMs: T0 + HOUR_MS });
  const path = manifestPathOf(fixture.manifests, T0);
  rmSync(toBytes(path));
  const { findings } = await verified(fixture);
  assert.deepEqual(findings, [
    { problem: 'missing-manifest', path, detail: '3 records were committed to it' },
  ]);
});

test('a manifest that was cut is one disagreement', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a');
  const path = manifestPathOf(fixture.manifests, T0);
  const { length } = readFileSync(toBytes(path));
  commitFile(fixture, 'b');
  const whole = readFileSync(toBytes(path)).length;
  truncateSync(toBytes(path), length);
  const { findings } = await verified(fixture);
  const detail = `${length} bytes with 1 records, ${whole} with 2 were committed`;
  assert.deepEqual(findings, [{ problem: 'short-manifest', path, detail }]);
});

test('another number of records than was committed is a disagreement, though each record is right', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a');
  fixture.state.exec('UPDATE manifests SET committed_lines = 2');
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem }) => problem),
    ['line-count'],
  );
});

test('a directory in the place of a manifest is unreadable', async (context) => {
  const fixture = makeState(context);
  commitFile(fixture, 'a');
  const path = manifestPathOf(fixture.manifests, T0);
  rmSync(toBytes(path));
  mkdirSync(toBytes(path));
  const { findings } = await verified(fixture);
  assert.deepEqual(
    findings.map(({ problem, path: where }) => [problem, where]),
    [['unreadable', path]],
  );
});
