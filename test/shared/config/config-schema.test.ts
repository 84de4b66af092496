import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema } from '../../../shared/config/config-schema.ts';
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
  const [s3] = schema.properties.routes.items.properties.sinks.items.oneOf;
  assert.deepEqual(Object.keys(s3.properties).toSorted(), [...optionsOf('sink'), 'name', 'type'].toSorted());
  for (const [name, property] of Object.entries<{ description?: string }>(s3.properties))
    assert.ok(property.description, name);
  assert.deepEqual(s3.required.toSorted(), ['bucket', 'profile', 'type']);
  assert.equal(s3.additionalProperties, false);
});
