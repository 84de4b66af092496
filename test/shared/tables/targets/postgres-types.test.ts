import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isFreeText, toDuckType, toPostgresType } from '../../../../shared/tables/targets/postgres-types.ts';

test('a type that is made in PostgreSQL is described as the one it was made for', () => {
  for (const type of [
    'BOOLEAN',
    'INTEGER',
    'BIGINT',
    'DOUBLE',
    'FLOAT',
    'VARCHAR',
    'BLOB',
    'DATE',
    'UUID',
    'DECIMAL(18,3)',
    'DECIMAL(38,0)',
  ])
    assert.equal(toDuckType(toPostgresType(type)), type);
});

test('a type of PostgreSQL that DuckDB has not exactly is text, which the server reads itself', () => {
  for (const type of [
    'numeric',
    'numeric(50,2)',
    'numeric(2,-3)',
    'character varying(10)',
    'jsonb',
    'integer[]',
    'interval',
    'inet',
    'mood',
  ])
    assert.equal(toDuckType(type), 'VARCHAR', type);
  assert.equal(toDuckType('numeric(5,2)'), 'DECIMAL(5,2)');
  assert.equal(toDuckType('numeric(5)'), 'DECIMAL(5,0)');
  assert.equal(toDuckType('timestamp(3) without time zone'), 'TIMESTAMP');
});

test('what has no type of its own in PostgreSQL is text', () => {
  for (const type of ['TIMESTAMP_NS', 'JSON', 'INTEGER[]', "ENUM('a')", 'STRUCT(a INTEGER)']) {
    assert.equal(toPostgresType(type), 'text', type);
    assert.ok(isFreeText(type), type);
  }
});
