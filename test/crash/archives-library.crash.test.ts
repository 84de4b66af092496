import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ARCHIVE_CRASH_POINTS } from '../../shared/archives/contract.ts';
import { readInbox } from '../support/staged.ts';
import { tempDir } from '../support/temp.ts';
import { contentOf } from './archives-library-content.ts';

const WRITER = join(import.meta.dirname, 'archives-library-writer.ts');
const DEPOSITS = 60;
const POINTS = ARCHIVE_CRASH_POINTS.filter((point) => point.startsWith('staging.'));

function write(base: string, env: NodeJS.ProcessEnv) {
  const { signal, stdout, stderr } = spawnSync(process.execPath, [WRITER, base, String(DEPOSITS)], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  // A line that the kill has cut is not said.
  const acknowledged = stdout
    .slice(0, stdout.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  return { signal, acknowledged, stderr };
}

for (const point of POINTS) {
  for (const count of [1, 3]) {
    test(`a writer killed at ${point}, time ${count}, loses nothing that was acknowledged`, async (t) => {
      const base = tempDir(t);
      const { signal, acknowledged, stderr } = write(base, { WHARFINGER_CRASH_AT: `${point}:${count}` });
      assert.equal(signal, 'SIGKILL', stderr);
      if (count > 1) assert.ok(acknowledged.length > 0);
      const members = (await readInbox(base)).flatMap((file) => file.members);
      const found = new Map(members.map(({ name, content }) => [name, content]));
      assert.equal(found.size, members.length, 'each once');
      for (const [name, content] of found) assert.ok(content.equals(contentOf(name)), `${name} is whole`);
      for (const name of acknowledged) assert.ok(found.has(name), `${name} was acknowledged`);
    });
  }
}

test('every crash point of a writer is reached, and one that is not killed leaves closed archives alone', async (t) => {
  const base = tempDir(t);
  const trace = join(base, 'trace');
  const { acknowledged } = write(base, { WHARFINGER_CRASH_TRACE: trace });
  assert.equal(acknowledged.length, DEPOSITS);
  const reached = new Set(readFileSync(trace, 'utf8').trim().split('\n'));
  assert.deepEqual([...reached].sort(), [...POINTS].sort());
  const files = await readInbox(base);
  assert.ok(files.every(({ name, damages }) => name.state === 'closed' && damages.length === 0));
  assert.equal(files.flatMap(({ members }) => members).length, DEPOSITS);
});
