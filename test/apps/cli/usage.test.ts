import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cli } from '../../support/cli.ts';

const REFUSED: readonly (readonly [line: string, said: string])[] = [
  ['strat', 'there is no command "strat"; did you mean start?'],
  ['frobnicate', 'there is no command "frobnicate"; `wharfinger help` shows all there are'],
  ['/srv/in', 'there is no command "/srv/in"; to watch a directory, write --input /srv/in'],
  ['help strat', 'there is no command "strat"; did you mean start?'],
  ['--inptu /srv/in', 'unknown option --inptu; did you mean --input?'],
  ['--inptu=/srv/in', 'unknown option --inptu; did you mean --input?'],
  ['start --stability 3', 'unknown option --stability; did you mean --stability-seconds?'],
  ['worker --warehouse /srv', 'unknown option --warehouse; `wharfinger worker --help` shows all there are'],
  ['-z', 'unknown option -z; `wharfinger start --help` shows all there are'],
  ['--once=true', 'the option --once takes no value; write --once'],
  ['--once=false', 'the option --once takes no value; leave it out'],
  ['--recursive=false', 'the option --recursive takes no value; write --no-recursive'],
  ['--workers', "option '--workers <N>' argument missing; `wharfinger start --help` shows how"],
  [
    'start here',
    "too many arguments for 'start'. Expected 0 arguments but got 1: here; the command comes first, and directories are given with --input",
  ],
  [
    '--once queue',
    "too many arguments for 'start'. Expected 0 arguments but got 1: queue; the command comes first, and directories are given with --input",
  ],
  ['queue', 'queue needs to be told what to do; `wharfinger queue --help` shows how'],
  ['queue stat', 'there is no command "wharfinger queue stat"; did you mean stats?'],
  ['queue eat', 'there is no command "wharfinger queue eat"; `wharfinger queue --help` shows all there are'],
  ['queue drop', "missing required argument 'ID'; `wharfinger queue drop --help` shows how"],
  [
    'queue list --state lost',
    "option '--state <STATE>' argument 'lost' is invalid. Allowed choices are ready, delayed, leased, failed, candidate; `wharfinger queue list --help` shows how",
  ],
  [
    '--warehouse --once',
    '--warehouse needs a value, and --once is an option; `wharfinger start --help` shows how',
  ],
  [
    '--input --mode sidecar',
    '--input needs a value, and --mode is an option; `wharfinger start --help` shows how',
  ],
  ['--workers many', '--workers: "many" is not a whole number from 1 to 1024; for example --workers 8'],
  ['--workers -1', '--workers: "-1" is not a whole number from 1 to 1024; for example --workers 8'],
];

for (const [line, said] of REFUSED) {
  test(`"wharfinger ${line}" is refused in one line`, async () => {
    assert.deepEqual(await cli(line.split(' ')), {
      stdout: '',
      stderr: `wharfinger: ${said}\n`,
      exitCode: 2,
    });
  });
}

for (const command of ['worker', 'discoverer']) {
  test(`a ${command} that the environment asks for a dry run does nothing`, async () => {
    const { stderr, exitCode } = await cli([command], { env: { WHARFINGER_DRY_RUN: 'true' } });
    assert.equal(exitCode, 2);
    assert.match(
      stderr,
      new RegExp(`^wharfinger: dry_run is set, which ${command} cannot do; .*start --dry-run.*\n$`),
    );
  });
}
