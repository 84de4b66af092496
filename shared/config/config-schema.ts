import { z } from 'zod';
import { declaredSchema } from './declared-schema.ts';
import type { OptionPlace } from './option-types.ts';
import { pathText } from './option-types.ts';
import { OPTIONS, type OptionName, optionsOf } from './options.ts';

/** The types of sink that this version can hand files on to. */
export const SINK_TYPES = ['s3', 'load', 'archive'] as const;

type Shape = { [Name in OptionName]?: z.ZodOptional<(typeof OPTIONS)[Name]['schema']> };

/** What options may stand in such a mapping. */
const shapeOf = (place: OptionPlace): Shape =>
  Object.fromEntries(
    optionsOf(place).map((name) => {
      const { schema, description } = OPTIONS[name];
      const fallback = 'fallback' in OPTIONS[name] ? ` (default: ${OPTIONS[name].fallback})` : '';
      return [name, z.optional(schema.describe(`${description}${fallback}`))];
    }),
  );

const nameOf = (what: string, fallback: string) =>
  z.string().min(1).optional().describe(`what ${what} (default: ${fallback})`);

/** An s3 sink. What becomes of a file afterwards is not its to say: the warehouse keeps it. */
const s3Schema = z.strictObject({
  ...shapeOf('s3'),
  type: z.literal('s3').describe('object storage'),
  name: nameOf('logs and records call this sink', 's3, with a number from the second on'),
  profile: OPTIONS.profile.schema.describe(OPTIONS.profile.description),
  bucket: OPTIONS.bucket.schema.describe(OPTIONS.bucket.description),
});

const { into: _, ...loadShape } = shapeOf('load');

/** A load sink. Its target is the option `into`: as `target` that is another one of `watch`. */
const loadSchema = z.strictObject({
  ...loadShape,
  type: z.literal('load').describe('a table'),
  name: nameOf('logs and records call this sink', 'load, with a number from the second on'),
  target: OPTIONS.into.schema.describe(OPTIONS.into.description),
  table: OPTIONS.table.schema.describe(OPTIONS.table.description),
  schema: declaredSchema
    .optional()
    .describe('what is known of the files; the rest is taken from the first of them'),
});

/** A sink that deposits files into archives. */
const archiveSchema = z.strictObject({
  ...shapeOf('archive'),
  type: z.literal('archive').describe('zip archives'),
  name: nameOf('logs and records call this sink', 'archive, with a number from the second on'),
  base: OPTIONS.base.schema.describe(OPTIONS.base.description),
  archive: OPTIONS.archive.schema.describe(OPTIONS.archive.description),
});

const routeSchema = z.strictObject({
  ...shapeOf('route'),
  name: nameOf('logs and manifests call this route', 'the last part of its input'),
  sinks: z
    .array(z.discriminatedUnion('type', [s3Schema, loadSchema, archiveSchema]))
    .optional()
    .describe('where committed files are handed on to'),
  input: pathText.describe('the directory to watch'),
});

/** The config file. The JSON Schema for editors is made of it. */
export const configSchema = z.strictObject({
  ...shapeOf('config'),
  routes: z
    .array(routeSchema)
    .min(1)
    .optional()
    .describe('one a directory to watch; what a route does not say is taken from the top level'),
});

const targetSchema = z.strictObject({
  ...shapeOf('target'),
  name: nameOf('logs and keys call this target', 'the last part of its path'),
  target: pathText.describe('the directory whose files are uploaded'),
});

/** The file that `watch` takes. */
export const watchSchema = z.strictObject({
  ...shapeOf('watch'),
  targets: z
    .array(targetSchema)
    .min(1)
    .describe('one a directory; what a target does not say is taken from the top level'),
});

/** The JSON Schema by which an editor completes and checks a config file. */
export const configJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(configSchema, { io: 'input' }),
  title: 'Config file of wharfinger',
});

/** The same of the file that `watch` takes. */
export const watchJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(watchSchema, { io: 'input' }),
  title: 'File with targets of wharfinger watch',
});
