import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_KEY, instantParts, keyOf, templateFault } from '../../../shared/uploads/key-template.ts';

const PARTS = {
  path: 'orders/a b.csv',
  name: 'a b.csv',
  route: 'orders',
  ...instantParts(Date.UTC(2024, 10, 2, 9, 59, 59)),
};

test('a key is the template with its parts in it, each as often as it is named', () => {
  assert.equal(keyOf(DEFAULT_KEY, PARTS), '2024-11-02/orders/a b.csv');
  assert.equal(keyOf('{route}/{hour}/{name}.{hour}', PARTS), 'orders/09/a b.csv.09');
  assert.equal(
    keyOf('{path}', { ...PARTS, path: '{name}$&' }),
    '{name}$&',
    'what a file is called is no template',
  );
});

test('a template that would do harm is refused with what is wrong', () => {
  assert.equal(templateFault(DEFAULT_KEY), undefined);
  assert.match(templateFault('{ingest_date}/{pth}') ?? '', /\{pth\} is not known; there are \{path\}/);
  assert.match(templateFault('all/{ingest_date}') ?? '', /all files would have one key/);
  assert.match(templateFault('{path') ?? '', /a brace has no other half/);
  assert.match(templateFault('{path}}') ?? '', /a brace has no other half/);
  assert.match(templateFault('/{path}') ?? '', /begins with \//);
});
