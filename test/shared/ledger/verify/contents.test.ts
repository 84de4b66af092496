import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Contents } from '../../../../shared/ledger/contents/contents.ts';
import { commitFile, makeState, type StateFixture } from '../../../support/state.ts';
import { verified } from './harness.ts';

const fold = ({ state }: StateFixture): void => new Contents(state, () => 1).fold();

/** What a deep look says of the ledger's contents; files whose row was given another's content are wrong in other ways too. */
async function saidOf(fixture: StateFixture): Promise<string[]> {
  const { findings } = await verified(fixture, { deep: true });
  return findings
    .filter(({ problem }) => problem === 'repeated-content' || problem === 'damaged-state')
    .map(({ problem, id, detail }) => `${problem} ${id ?? ''} ${detail}`);
}

/** Row `id` has the content of row 1 from now on. */
const repeat = ({ state }: StateFixture, id: number): void =>
  void state
    .prepare('UPDATE ledger SET sha256 = (SELECT sha256 FROM ledger WHERE id = 1) WHERE id = ?')
    .run(id);

for (const [which, foldsBefore, foldsAfter] of [
  ['that are not folded', false, false],
  ['of which one is folded', true, false],
  ['that are folded', false, true],
] as const) {
  test(`two rows of one content ${which} are told, and two of different content are not`, async (context) => {
    const fixture = makeState(context);
    commitFile(fixture, 'a');
    if (foldsBefore) fold(fixture);
    commitFile(fixture, 'b');
    commitFile(fixture, 'c');
    repeat(fixture, 3);
    if (foldsAfter) fold(fixture);
    assert.deepEqual(await saidOf(fixture), ['repeated-content 3 its content is that of row 1']);
  });
}

test('rows without a scope repeat nothing', async (context) => {
  const fixture = makeState(context);
  for (const name of ['a', 'b']) commitFile(fixture, name);
  repeat(fixture, 2);
  fixture.state.exec('UPDATE ledger SET dedupe_scope = NULL WHERE id = 2');
  fold(fixture);
  assert.deepEqual(await saidOf(fixture), []);
});

test('a folded row that is not in the table would be taken again when it comes again: the state file is damaged', async (context) => {
  const fixture = makeState(context);
  for (const name of ['a', 'b']) commitFile(fixture, name);
  fold(fixture);
  assert.deepEqual(await saidOf(fixture), []);
  fixture.state.exec('DELETE FROM contents WHERE ledger_id = 2');
  assert.deepEqual(await saidOf(fixture), ['damaged-state  row 2 of the ledger missing from contents']);
});
