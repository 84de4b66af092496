import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { defaultEntries } from '../../../apps/supervisor/entries.ts';

test('the children run as TypeScript in a checkout, where their files are, and as JavaScript in a package', () => {
  const checkout = defaultEntries();
  assert.ok(existsSync(checkout.discoverer) && existsSync(checkout.worker));
  const packaged = defaultEntries('file:///opt/wharfinger/dist/apps/supervisor/entries.js');
  assert.equal(packaged.discoverer.pathname, '/opt/wharfinger/dist/apps/discoverer/child.js');
  assert.equal(packaged.worker.pathname, '/opt/wharfinger/dist/apps/worker/child.js');
});
