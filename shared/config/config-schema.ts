import { z } from 'zod';
import { pathText } from './option-types.ts';
import { OPTION_NAMES, OPTIONS, type OptionName } from './options.ts';

/** The types of sink that this version can hand files on to. */
export const SINK_TYPES: readonly string[] = [];

const sinkSchema = z.looseObject({ type: z.string().min(1) });

type Shape = { [Name in OptionName]: z.ZodOptional<(typeof OPTIONS)[Name]['schema']> };

const shape = Object.fromEntries(
  OPTION_NAMES.map((name) => {
    const { schema, description } = OPTIONS[name];
    const fallback = 'fallback' in OPTIONS[name] ? ` (default: ${OPTIONS[name].fallback})` : '';
    return [name, z.optional(schema.describe(`${description}${fallback}`))];
  }),
) as Shape;

const routeOptions = OPTION_NAMES.filter((name) => OPTIONS[name].scope === 'route');

/** The keys that only a route has. */
const onlyInRoutes = {
  name: z
    .string()
    .min(1)
    .optional()
    .describe('what logs and manifests call this route (default: the last part of its input)'),
  sinks: z.array(sinkSchema).optional().describe('where committed files are handed on to'),
};

const routeSchema = z.strictObject({
  ...onlyInRoutes,
  ...(Object.fromEntries(routeOptions.map((name) => [name, shape[name]])) as Partial<Shape>),
  input: pathText.describe('the directory to watch'),
});

/** The config file. The JSON Schema for editors is made of it. */
export const configSchema = z.strictObject({
  ...shape,
  routes: z
    .array(routeSchema)
    .min(1)
    .optional()
    .describe('one a directory to watch; what a route does not say is taken from the top level'),
});

export const TOP_KEYS: readonly string[] = Object.keys(configSchema.shape);
export const ROUTE_KEYS: readonly string[] = Object.keys(routeSchema.shape);

/** The JSON Schema by which an editor completes and checks a config file. */
export const configJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(configSchema, { io: 'input' }),
  title: 'Config file of wharfinger',
});
