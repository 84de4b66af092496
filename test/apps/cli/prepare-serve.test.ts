import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openState } from '../../../shared/state/open.ts';
import { ServerOwner } from '../../../shared/uploads/server-owner.ts';
import { cli } from '../../support/cli.ts';
import { tempDir } from '../../support/temp.ts';

/** A server directory that belongs to `one.db`. */
function makeServer(t: TestContext) {
  const root = tempDir(t);
  const directory = join(root, 'server');
  mkdirSync(directory);
  const credentials = join(root, 'credentials');
  const profile = 'provider = s3\naws_access_key_id = A\naws_secret_access_key = s\nregion = r\n';
  writeFileSync(credentials, `[lab]\n${profile}endpoint = http://127.0.0.1:9\n`, { mode: 0o600 });
  const state = openState(join(root, 'one.db'));
  new ServerOwner(state).ensure(directory);
  state.close();
  const args = (statePath: string) => [
    ...['--server-directory', directory, '--credentials', credentials],
    ...['--state-path', join(root, statePath)],
  ];
  return { root, directory, args };
}

test('serve refuses the server directory of another state file in one line with a hint, and makes nothing there', async (t) => {
  const { root, directory, args } = makeServer(t);
  const { exitCode, stderr } = await cli(['serve', ...args('two.db')]);
  assert.equal(exitCode, 5);
  const [line, ...more] = stderr.trimEnd().split('\n');
  assert.ok(
    line?.includes(`${directory} belongs to another state file, which was "${root}/one.db"; `),
    stderr,
  );
  assert.ok(line?.endsWith(`run: rm '${directory}/.wharfinger'`), stderr);
  assert.deepEqual(more, []);
  assert.equal(existsSync(join(directory, 'incoming')), false);
});

test('copy goes on with the server directory of another state file', async (t) => {
  const { root, directory, args } = makeServer(t);
  writeFileSync(join(root, 'a.csv'), 'a');
  const { exitCode, stderr } = await cli(['copy', join(root, 'a.csv'), 's3://lab/buck/', ...args('own.db')]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(readFileSync(join(directory, 'incoming/lab/buck/a.csv'), 'utf8'), 'a');
});
