import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchColumns } from '../../../../shared/tables/engine/match.ts';
import { FileFaultError } from '../../../../shared/tables/errors.ts';
import { schemaOf } from './fake-csv.ts';

const SCHEMA = schemaOf({ id: 'BIGINT', Name: 'VARCHAR' });
const into = (names: string[], policy: 'add' | 'ignore' | 'fail', schema = SCHEMA): (string | undefined)[] =>
  matchColumns({ firstRecord: names }, schema, policy, 7).columns.map((column) => column.into);

const faultOf = (names: string[], policy: 'add' | 'ignore' | 'fail', schema = SCHEMA): string => {
  try {
    matchColumns({ firstRecord: names }, schema, policy, 7);
  } catch (error) {
    assert.ok(error instanceof FileFaultError);
    assert.equal(error.code, 'load.columns');
    assert.equal(error.fault.fileId, 7);
    return error.message;
  }
  throw new assert.AssertionError({ message: 'it matches' });
};

test('names match without regard to case, blanks and order', () => {
  assert.deepEqual(into([' NAME ', 'Id'], 'fail'), ['Name', 'id']);
});

test('a column too few or too many is a fault that names it, where the policy is to fail', () => {
  assert.equal(faultOf(['id'], 'fail'), 'it lacks the column Name');
  assert.equal(faultOf(['id', 'name', 'new'], 'fail'), 'the table lacks its column new');
  assert.equal(faultOf(['id', 'new'], 'fail'), 'it lacks the column Name; the table lacks its column new');
});

test('other policies take what there is', () => {
  assert.deepEqual(into(['id', 'new'], 'ignore'), ['id', undefined]);
  const added = matchColumns({ firstRecord: ['id', ' new '] }, SCHEMA, 'add', 7);
  assert.deepEqual(
    added.columns.map((column) => column.into),
    ['id', 'new'],
  );
  assert.deepEqual(added.added, [{ name: 'new', type: 'VARCHAR' }]);
});

test('a key column is never missing', () => {
  assert.equal(faultOf(['name'], 'ignore', { ...SCHEMA, key: ['ID'] }), 'it lacks the key column id');
});

test('a header that is none, or has a name twice, is a fault under every policy', () => {
  assert.match(faultOf(['1', 'Anna'], 'add'), /^no column of the table is in its first row \(1, Anna\)/);
  assert.equal(faultOf(['id', 'name', 'ID'], 'ignore'), 'columns 1 and 3 of the header have one name: ID');
  assert.equal(faultOf([], 'ignore'), 'the file is empty');
});

test('without a header the number of columns decides', () => {
  const schema = { ...SCHEMA, header: false };
  assert.deepEqual(into(['1', '2'], 'fail', schema), ['id', 'Name']);
  assert.equal(faultOf(['1'], 'ignore', schema), 'its first row has 1 cells, the table 2 columns');
});

test('of names that differ in case the exact one is meant, and one that may be both is a fault', () => {
  const schema = schemaOf({ Id: 'BIGINT', id: 'VARCHAR' });
  const match = matchColumns({ firstRecord: ['id', 'Id'] }, schema, 'fail', 1);
  assert.deepEqual(
    match.columns.map(({ into, type }) => [into, type]),
    [
      ['id', 'VARCHAR'],
      ['Id', 'BIGINT'],
    ],
  );
  assert.throws(() => matchColumns({ firstRecord: ['ID', 'id'] }, schema, 'fail', 1), {
    code: 'load.columns',
    message: 'its column ID may be each of Id and id of the table',
  });
});
