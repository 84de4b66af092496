import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { StagingName } from '../../../../shared/archives/contract.ts';
import {
  hostPart,
  identityDigits,
  parseStagingName,
  stagingName,
} from '../../../../shared/archives/staging/staging-name.ts';

const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits });

const anyName: fc.Arbitrary<StagingName> = fc
  .record({
    host: fc.string().map(hostPart),
    identity: hex(8),
    pid: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    pidStart: fc.nat().map(String),
    random: hex(16),
    state: fc.constantFrom('open', 'closed', 'taken'),
    turn: fc.nat(),
  })
  .map((name) => ({ ...name, turn: name.state === 'open' ? name.turn : 0 }));

test('what a staging archive is called says all of it again', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      assert.deepEqual(parseStagingName(stagingName(name)), name);
    }),
  );
});

test('a name is made of host, identity, process and chance', () => {
  const name = { host: 'h', identity: '0123abcd', pid: 7, pidStart: '8', random: '00112233445566ff' };
  const stem = 'h.0123abcd.7.8.00112233445566ff';
  assert.equal(stagingName({ ...name, state: 'open', turn: 3 }), `${stem}.3.open`);
  assert.equal(stagingName({ ...name, state: 'closed', turn: 0 }), `${stem}.zip`);
  assert.equal(stagingName({ ...name, state: 'taken', turn: 0 }), `${stem}.taken`);
});

for (const file of [
  'ar.zip',
  '.h.0123abcd.7.8.00112233445566ff.zip',
  'h.0123ABCD.7.8.00112233445566ff.zip',
  'h.0123abcd.0.8.00112233445566ff.zip',
  'h.0123abcd.7.8.00112233445566ff.open',
  'h.0123abcd.7.8.00112233445566ff.01.open',
  'h.0123abcd.7.8.00112233445566ff.1.zip',
  'h.0123abcd.7.8.00112233445566ff.zip\n',
  'h_.0123abcd.7.8.00112233445566ff.zip',
  `${'h'.repeat(65)}.0123abcd.7.8.00112233445566ff.zip`,
]) {
  test(`${JSON.stringify(file)} is no staging archive`, () => {
    assert.equal(parseStagingName(file), undefined);
  });
}

test("a host's name becomes letters, digits and hyphens", () => {
  assert.equal(hostPart('node-1.example.org'), 'node-1-example-org');
  assert.equal(hostPart('été_1'), '-t--1');
  assert.equal(hostPart('x'.repeat(300)), 'x'.repeat(64));
  assert.equal(hostPart(''), 'host');
});

test('another boot, host or name space of processes has other digits, another process has not', () => {
  const here = { host: 'a:pid:[1]', boot: 'b', pid: 1, pidStart: '2' };
  const digits = identityDigits(here);
  assert.match(digits, /^[0-9a-f]{8}$/);
  assert.equal(identityDigits({ ...here, pid: 9, pidStart: '10' }), digits);
  assert.notEqual(identityDigits({ ...here, boot: 'c' }), digits);
  assert.notEqual(identityDigits({ ...here, host: 'a:pid:[2]' }), digits);
});
