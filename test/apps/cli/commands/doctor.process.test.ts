import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { jsonLines } from '../../../support/cli.ts';
import { runProgram } from '../../../support/program.ts';

const NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

test('doctor finds the rights that its user lacks', {
  skip: process.getuid?.() !== 0 && 'needs root to become another user',
}, async (context) => {
  // Not in TMPDIR, which may be closed to others.
  const root = mkdtempSync('/tmp/wharfinger-test-');
  context.after(() => rmSync(root, { recursive: true }));
  chmodSync(root, 0o755);
  const [input, open, closed] = ['in', 'open', 'closed'].map((name) => join(root, name));
  assert.ok(input && open && closed);
  mkdirSync(input, 0o755);
  mkdirSync(open);
  chmodSync(open, 0o777);
  mkdirSync(closed, 0o755);
  const places = [
    '--warehouse',
    closed,
    '--manifests',
    join(open, 'manifests'),
    '--state-path',
    join(open, 'w.db'),
  ];
  const { code, stdout, stderr } = await runProgram(
    ['doctor', '--json', '--input', input, ...places],
    {},
    NOBODY,
  );
  assert.equal(code, 5, stderr);
  assert.deepEqual(
    jsonLines(stdout)
      .filter(({ level }) => level === 'fail')
      .map(({ check, what }) => [check, String(what).replace(/\(.*/, '')]),
    [
      ['input', `input ${input} cannot be emptied by this user`],
      ['warehouse', `warehouse ${closed} cannot be written to `],
    ],
  );
  assert.deepEqual(readdirSync(root, { recursive: true }).sort(), ['closed', 'in', 'open']);

  chmodSync(root, 0o700);
  const shut = await runProgram(['doctor', '--input', input, ...places], {}, NOBODY);
  assert.match(shut.stdout, new RegExp(`^fail  input ${input} cannot be reached by this user — let`, 'm'));
});
