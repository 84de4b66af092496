import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { tempDir } from '../../support/temp.ts';
import { type BinOptions, runBin } from './run-bin.ts';

/** What is said after `wharfinger: `, in exactly one line on stderr and nothing on stdout. */
function refusal(exitCode: number, args: readonly string[], options: BinOptions): string {
  const run = runBin(args, options);
  assert.equal(run.exitCode, exitCode, run.stderr);
  assert.equal(run.stdout, '');
  assert.match(run.stderr, /^wharfinger: [^\n]+\n$/);
  return run.stderr.slice('wharfinger: '.length, -1);
}

const USAGE: readonly (readonly [args: readonly string[], said: RegExp])[] = [
  [['--inptu', 'x'], /^unknown option --inptu; did you mean --input\?$/],
  [['strat'], /^there is no command "strat"; did you mean start\?$/],
  [['queue'], /^queue needs to be told what to do; /],
  [['--workers', '0'], /^--workers: 0 is not a whole number/],
  [['--mode', 'magic'], /^--mode: "magic" is not one of stability, sidecar, close-write; /],
  [['--input', 'in', '--warehouse', 'in/wh'], /^the warehouse .*\/in\/wh lies in the input .*\/in, /],
  [
    ['--config', 'wharfinger.yaml'],
    /^wharfinger\.yaml:2: "wokers" is no key of the config file; did you mean workers\?$/,
  ],
  [['--config', 'other.yaml'], /^there is no config file other\.yaml; /],
];

for (const [args, said] of USAGE) {
  test(`"wharfinger ${args.join(' ')}" exits with 2 and makes nothing`, (t) => {
    const cwd = tempDir(t);
    writeFileSync(join(cwd, 'wharfinger.yaml'), 'mode: sidecar\nwokers: 3\n');
    assert.match(refusal(2, args, { cwd }), said);
    assert.deepEqual(readdirSync(cwd), ['wharfinger.yaml']);
  });
}

test('a wrong variable exits with 2', (t) => {
  const run = refusal(2, [], { cwd: tempDir(t), env: { WHARFINGER_WORKERS: 'all' } });
  assert.match(run, /^WHARFINGER_WORKERS: "all" is not a whole number/);
});

for (const command of ['start', 'discoverer']) {
  test(`${command}: an input that is missing exits with 5`, (t) => {
    const cwd = tempDir(t);
    assert.equal(
      refusal(5, [command, '--input', 'in'], { cwd }),
      `the input directory ${join(cwd, 'in')} does not exist; make it, or give another with --input`,
    );
    assert.deepEqual(readdirSync(cwd), []);
  });

  test(`${command}: an input that is a file exits with 5`, (t) => {
    const cwd = tempDir(t);
    writeFileSync(join(cwd, 'in'), '');
    assert.match(refusal(5, [command, '--input', 'in'], { cwd }), /^the input .*\/in is not a directory; /);
  });
}

test('a dry run of an input that is missing exits with 5', (t) => {
  assert.match(refusal(5, ['--dry-run', '--input', 'in'], { cwd: tempDir(t) }), /does not exist; make it/);
});

test('a warehouse that is a file, or below one, exits with 5', (t) => {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, 'in'));
  writeFileSync(join(cwd, 'file'), '');
  for (const warehouse of ['file', 'file/wh']) {
    const said = refusal(5, ['--input', 'in', '--warehouse', warehouse], { cwd });
    assert.match(said, /^the warehouse .* is not a directory, or lies below a file; .*--warehouse$/);
  }
});

test('a link that leads the warehouse into the input exits with 2 before anything is made there', (t) => {
  const cwd = tempDir(t);
  mkdirSync(join(cwd, 'in'));
  symlinkSync('in', join(cwd, 'link'));
  const said = refusal(2, ['--input', 'in', '--warehouse', 'link/wh'], { cwd });
  assert.match(said, /^the warehouse .*\/in\/wh lies in the input .*\/in, /);
  assert.equal(existsSync(join(cwd, 'in/wh')), false);
});

/** Root may do everything: give the program to somebody who may not. */
const NOBODY = 65_534;
const asNobody = (cwd: string): BinOptions => ({ cwd, ...(process.getuid?.() === 0 ? { uid: NOBODY } : {}) });

function lockedPlace(t: TestContext): string {
  const cwd = tempDir(t);
  chmodSync(cwd, 0o755);
  mkdirSync(join(cwd, 'in'));
  chmodSync(join(cwd, 'in'), 0o777);
  mkdirSync(join(cwd, 'locked'));
  chmodSync(join(cwd, 'locked'), 0o555);
  return cwd;
}

for (const [what, args] of [
  ['the input directory', ['--input', 'locked']],
  ['the warehouse', ['--input', 'in', '--warehouse', 'locked/wh']],
  ['the manifests directory', ['--input', 'in', '--warehouse', 'open/wh', '--manifests', 'locked/m']],
  ['the directory of the state file', ['worker', '--state-path', 'locked/state/w.db']],
] as const) {
  test(`${what} without permission exits with 5`, (t) => {
    const cwd = lockedPlace(t);
    mkdirSync(join(cwd, 'open'));
    chmodSync(join(cwd, 'open'), 0o777);
    const said = refusal(5, args, asNobody(cwd));
    assert.ok(said.startsWith(`${what} ${cwd}/`), said);
    assert.match(said, /is not open to this user; let this user read, write and enter it$/);
  });
}
