import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema, watchJsonSchema } from '../../../shared/config/config-schema.ts';
import { optionsOf } from '../../../shared/config/options.ts';

test('docs/config.schema.json is what the validator says now', () => {
  const committed = readFileSync(new URL('../../../docs/config.schema.json', import.meta.url), 'utf8');
  assert.deepEqual(
    JSON.parse(committed),
    configJsonSchema(),
    'run `npx wharfinger config-schema > docs/config.schema.json && npm run format`',
  );
});

test('the JSON Schema knows every option of the config file with its description, and nothing that is not one', () => {
  const { properties, additionalProperties } = configJsonSchema() as {
    properties: Record<string, { description?: string }>;
    additionalProperties: unknown;
  };
  assert.deepEqual(Object.keys(properties).toSorted(), [...optionsOf('config'), 'routes'].toSorted());
  for (const [name, property] of Object.entries(properties)) assert.ok(property.description, name);
  assert.equal(additionalProperties, false);
});

test('the JSON Schema describes every key of a sink, and says which it must have', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema()));
  const [s3, load] = schema.properties.routes.items.properties.sinks.items.oneOf;
  const keysOf = (sink: { properties: object }) => Object.keys(sink.properties).toSorted();
  assert.deepEqual(keysOf(s3), [...optionsOf('s3'), 'name', 'type'].toSorted());
  const loaded = optionsOf('load').map((name) => (name === 'into' ? 'target' : name));
  assert.deepEqual(keysOf(load), [...loaded, 'name', 'type', 'schema'].toSorted());
  assert.deepEqual(s3.required.toSorted(), ['bucket', 'profile', 'type']);
  assert.deepEqual(load.required.toSorted(), ['table', 'target', 'type']);
  for (const sink of [s3, load]) {
    assert.equal(sink.additionalProperties, false);
    for (const [name, property] of Object.entries<{ description?: string }>(sink.properties))
      assert.ok(property.description, name);
  }
});

test('the JSON Schema of the file with targets describes every key, and demands targets with a directory', () => {
  const schema = JSON.parse(JSON.stringify(watchJsonSchema()));
  assert.deepEqual(Object.keys(schema.properties).toSorted(), [...optionsOf('watch'), 'targets'].toSorted());
  assert.deepEqual(schema.required, ['targets']);
  const target = schema.properties.targets.items;
  assert.deepEqual(Object.keys(target.properties).toSorted(), [...optionsOf('target'), 'name'].toSorted());
  assert.deepEqual(target.required, ['target']);
  assert.equal(schema.additionalProperties || target.additionalProperties, false);
});
