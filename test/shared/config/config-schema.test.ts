import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { configJsonSchema, configSchema } from '../../../shared/config/config-schema.ts';
import { OPTION_NAMES } from '../../../shared/config/options.ts';

test('docs/config.schema.json is what the validator says now', () => {
  const committed = readFileSync(new URL('../../../docs/config.schema.json', import.meta.url), 'utf8');
  assert.deepEqual(
    JSON.parse(committed),
    configJsonSchema(),
    'run `npx wharfinger config-schema > docs/config.schema.json && npm run format`',
  );
});

test('the JSON Schema knows every option with its description, and nothing that is not one', () => {
  const { properties, additionalProperties } = configJsonSchema() as {
    properties: Record<string, { description?: string }>;
    additionalProperties: unknown;
  };
  assert.deepEqual(Object.keys(properties).toSorted(), [...OPTION_NAMES, 'routes'].toSorted());
  for (const [name, property] of Object.entries(properties)) assert.ok(property.description, name);
  assert.equal(additionalProperties, false);
});

test('sinks may be written in a route already', () => {
  const config = { routes: [{ input: '/in', sinks: [{ type: 's3', bucket: 'archive' }] }] };
  assert.equal(configSchema.safeParse(config).success, true);
});
