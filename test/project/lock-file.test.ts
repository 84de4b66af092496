import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

type Package = {
  optional?: boolean;
  os?: string[];
  engines?: { node?: string };
  optionalDependencies?: Record<string, string>;
};

const { packages } = JSON.parse(
  readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'),
) as { packages: Record<string, Package> };

test('the lock file has every optional package, also those of other machines: npm ci refuses it otherwise', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) =>
        packages[`node_modules/${name}`] === undefined &&
        packages[`${path}/node_modules/${name}`] === undefined,
    ),
  );
  assert.deepEqual(missing, []);
});

/** What npm 11 does: an optional package whose engines do not fit the Node that runs npm is left out without a word. */
test('no optional package that the program needs on Linux is left out because an older Node runs npm', () => {
  const left = Object.entries(packages)
    .filter(([path, { optional, os }]) => optional && os?.includes('linux') && path.includes('@napi-rs/'))
    .filter(([, { engines }]) => engines?.node !== undefined);
  assert.deepEqual(left, []);
});
