import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseError } from 'pg';
import { TargetError } from '../../../../shared/tables/errors.ts';
import { isOfARow, postgresError } from '../../../../shared/tables/targets/postgres-errors.ts';

function databaseError(code: string): DatabaseError {
  return Object.assign(new DatabaseError('one\ntwo', 7, 'error'), { code });
}

function troubleOf(error: unknown): string {
  const translated = postgresError(error, 'the server');
  assert.ok(translated instanceof TargetError, String(error));
  assert.equal(translated.retryable, translated.trouble !== 'refused');
  assert.ok(translated.trouble === 'away' || translated.hint !== undefined);
  assert.ok(!translated.message.includes('\n'));
  return `${translated.trouble} ${translated.code}`;
}

test('what passes by itself is away, and what a person must mend is refused', () => {
  for (const [code, trouble] of [
    ['08006', 'away load.away'],
    ['57P01', 'away load.away'],
    ['57P03', 'away load.away'],
    ['57014', 'away load.cancelled'],
    ['53100', 'away load.disk-full'],
    ['53300', 'away load.connections'],
    ['53200', 'away load.resources'],
    ['40001', 'away load.deadlock'],
    ['40P01', 'away load.deadlock'],
    ['55P03', 'away load.locked'],
    ['25P03', 'away load.away'],
    ['25006', 'away load.read-only'],
    ['28P01', 'refused load.password'],
    ['28000', 'refused load.password'],
    ['3D000', 'refused load.no-database'],
    ['3F000', 'refused load.no-schema'],
    ['42501', 'refused load.rights'],
    ['42703', 'refused load.table-changed'],
    ['54011', 'refused load.too-many-columns'],
    ['0A000', 'refused load.refused'],
  ] as const)
    assert.equal(troubleOf(databaseError(code)), trouble, code);
  for (const [code, trouble] of [
    ['ECONNREFUSED', 'away load.away'],
    ['ENOTFOUND', 'away load.away'],
    ['EAI_AGAIN', 'away load.away'],
    ['EACCES', 'refused load.rights'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'refused load.certificate'],
  ] as const)
    assert.equal(troubleOf(Object.assign(new Error('x'), { code })), trouble, code);
});

test('what a row says is no trouble of the server, and a defect stays one', () => {
  for (const code of ['22001', '22P02', '23502', '23514', 'P0001'])
    assert.ok(isOfARow(databaseError(code)), code);
  assert.ok(!isOfARow(databaseError('42501')));
  const defect = new TypeError('x is not a function');
  assert.equal(postgresError(defect, 'the server'), defect);
});
