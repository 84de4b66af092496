import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isFreeText,
  keepsValues,
  maxLengthOf,
  toDuckType,
  toPostgresType,
} from '../../../../shared/tables/targets/postgres-types.ts';

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
    'TIME',
    'TIME WITH TIME ZONE',
    'TIMESTAMP',
    'TIMESTAMP WITH TIME ZONE',
    'INTERVAL',
    'HUGEINT',
    'UUID',
    'DECIMAL(18,3)',
    'DECIMAL(38,0)',
  ])
    assert.equal(toDuckType(toPostgresType(type)), type);
});

test('a type of PostgreSQL that DuckDB has not is text, which the server reads itself if it keeps values', () => {
  for (const type of ['numeric', 'character varying(10)', 'character varying', 'json', 'enum', 'inet']) {
    assert.equal(toDuckType(type), 'VARCHAR', type);
    assert.ok(keepsValues(type), type);
  }
  for (const type of [
    'numeric(39,2)',
    'numeric(2,-3)',
    'numeric(2,3)',
    'jsonb',
    'integer[]',
    'money',
    'name',
  ]) {
    assert.equal(toDuckType(type), 'VARCHAR', type);
    assert.ok(!keepsValues(type), type);
  }
  for (const type of [
    'timestamp(6) without time zone',
    'time(6) with time zone',
    'interval(6)',
    'numeric(38,38)',
  ])
    assert.ok(keepsValues(type), type);
  for (const type of [
    'timestamp(5) without time zone',
    'interval day',
    'character(6)',
    'bpchar',
    '"char"',
    '',
  ])
    assert.ok(!keepsValues(type), type);
  assert.equal(maxLengthOf('character varying(10)'), 10);
  assert.equal(maxLengthOf('character varying'), undefined);
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
