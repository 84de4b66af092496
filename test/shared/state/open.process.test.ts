import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openState } from '../../../shared/state/open.ts';
import { tempDir } from '../../support/temp.ts';

const CHILD = fileURLToPath(new URL('../../support/queue-open-child.ts', import.meta.url));

async function startChild(): Promise<ChildProcess> {
  const child = fork(CHILD);
  await once(child, 'message');
  return child;
}

async function opens(child: ChildProcess, path: string): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(path);
  return (await answer)[0];
}

test('four processes that open a new state file at the same time all get it, and it is made once', async (t) => {
  const directory = tempDir(t);
  const children = await Promise.all([1, 2, 3, 4].map(startChild));
  t.after(() => {
    for (const child of children) child.kill();
  });
  for (let round = 0; round < 100; round++) {
    const path = join(directory, `${round}.db`);
    const answers = await Promise.all(children.map((child) => opens(child, path)));
    assert.deepEqual(answers, ['opened', 'opened', 'opened', 'opened'], `round ${round}`);
    const state = openState(path);
    assert.equal(state.prepare('SELECT count(*) FROM jobs').pluck().get(), 4);
    state.close();
  }
});
