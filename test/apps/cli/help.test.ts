import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND_NAMES } from '../../../apps/cli/commands.ts';
import { flagName, OPTION_NAMES } from '../../../shared/config/options.ts';
import { EXIT } from '../../../shared/errors.ts';
import { cli } from '../../support/cli.ts';

test('the general help names every command and exit code, and has examples', async () => {
  for (const argv of [['help'], ['--help'], ['-h']]) {
    const { stdout, stderr, exitCode } = await cli(argv);
    assert.equal(exitCode, 0);
    assert.equal(stderr, '');
    for (const name of COMMAND_NAMES) assert.match(stdout, new RegExp(`^  ${name}( |$)`, 'm'));
    for (const code of Object.values(EXIT)) assert.match(stdout, new RegExp(`^  ${code}  \\S`, 'm'));
    assert.match(stdout, /^Examples:\n {2}wharfinger {2}/m);
  }
});

for (const name of COMMAND_NAMES) {
  test(`the help of ${name} has examples that begin with the program, and is the same both ways`, async () => {
    const asked = await cli([name, '--help']);
    assert.deepEqual(await cli(['help', name]), asked);
    assert.deepEqual([asked.stderr, asked.exitCode], ['', 0]);
    const [, examples] = asked.stdout.split(/^Examples:\n/m);
    assert.match(examples ?? '', /^ {2}wharfinger /m);
    assert.doesNotMatch(asked.stdout, /undefined/);
  });
}

test('the help of start shows every option, and how options are given otherwise', async () => {
  const { stdout } = await cli(['start', '--help']);
  for (const name of OPTION_NAMES) {
    const flag = name === 'recursive' ? '--no-recursive' : flagName(name);
    assert.match(stdout, new RegExp(`^  ${flag}\\b`, 'm'));
  }
  assert.match(stdout, /WHARFINGER_STABILITY_SECONDS/);
  assert.ok(stdout.split('\n').every((line) => line.length <= 110));
});

test('the version is the one of the package', async () => {
  assert.deepEqual(await cli(['--version']), { stdout: '0.0.0\n', stderr: '', exitCode: 0 });
});
