import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const SCRIPT = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  await import(${JSON.stringify(new URL('../../../shared/config/resolve.ts', import.meta.url).href)});
  await import(${JSON.stringify(new URL('../../../shared/config/resolve-watch.ts', import.meta.url).href)});
  console.log(JSON.stringify(loaded));
`;

test('what reads the configuration loads nothing that speaks to object storage', () => {
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
    encoding: 'utf8',
  });
  assert.equal(status, 0);
  const loaded: string[] = JSON.parse(stdout);
  assert.ok(
    loaded.some((url) => url.endsWith('/shared/object-store/key.ts')),
    'the measure works',
  );
  assert.deepEqual(
    loaded.filter((url) => /@aws-sdk|@smithy/.test(url)),
    [],
  );
});
