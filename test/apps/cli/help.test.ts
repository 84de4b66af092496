import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMAND_NAMES } from '../../../apps/cli/commands.ts';
import { flagName, type OptionName, optionsOf } from '../../../shared/config/options.ts';
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

/** As help shows it: what is done anyway is shown by the flag that prevents it. */
const flagOf = (name: OptionName, command: string): string => {
  const isNegated = name === 'recursive' || (name === 'decompress' && command === 'watch');
  return isNegated ? flagName(name).replace('--', '--no-') : flagName(name);
};

/** The options of each, by where they may stand in its config file. */
const PLACES = { start: ['config', 'route'], watch: ['watch', 'target'] } as const;
/** Of the commands beside `start` that read the same config file. */
const NOT_OF_START = ['server_directory', 'credentials'];

for (const command of ['start', 'watch'] as const) {
  test(`the help of ${command} shows every option, and how options are given otherwise`, async () => {
    const { stdout } = await cli([command, '--help']);
    for (const name of new Set(PLACES[command].flatMap(optionsOf))) {
      if (command === 'start' && NOT_OF_START.includes(name)) continue;
      assert.match(stdout, new RegExp(`^  ${flagOf(name, command)}\\b`, 'm'));
    }
    assert.match(stdout, /is WHARFINGER_[A-Z]+/);
    assert.ok(stdout.split('\n').every((line) => line.length <= 110));
  });
}

test('the version is the one of the package', async () => {
  assert.deepEqual(await cli(['--version']), { stdout: '0.0.0\n', stderr: '', exitCode: 0 });
});
