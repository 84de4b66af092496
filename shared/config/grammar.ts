import type { z } from 'zod';
import { configSchema, watchSchema } from './config-schema.ts';

/** A kind of mapping in a config file. */
export type Mapping = {
  /** `of …`, `for …`: what it is. */
  what: string;
  /** Where a key is that belongs to it. */
  where: string;
  keys: readonly string[];
};

/** One of the two kinds of config file: a mapping, with a list of mappings that stand for directories. */
export type Grammar = {
  schema: z.ZodType<Readonly<Record<string, unknown>>>;
  top: Mapping;
  list: 'routes' | 'targets';
  item: Mapping;
  /** The key of the directory, of which each item has one. */
  directory: 'input' | 'target';
  /** By type. */
  sinks: Readonly<Record<string, Mapping>>;
  /** How a person sees all keys. */
  help: string;
};

type Field = { shape: Readonly<Record<string, z.ZodType>> };
const keysOf = ({ shape }: Field): string[] => Object.keys(shape);

const routes = configSchema.shape.routes.unwrap();
const { options: sinks } = routes.element.shape.sinks.unwrap().element;

/** Of `start`, and of all that run with its settings. */
export const CONFIG_FILE: Grammar = {
  schema: configSchema,
  top: { what: 'the whole program', where: 'at the top level', keys: keysOf(configSchema) },
  list: 'routes',
  item: { what: 'a route', where: 'in a route', keys: keysOf(routes.element) },
  directory: 'input',
  sinks: Object.fromEntries(
    sinks.map((sink) => {
      const { value: type } = sink.shape.type;
      return [
        type,
        { what: `a sink of type ${type}`, where: `in a sink of type ${type}`, keys: keysOf(sink) },
      ];
    }),
  ),
  help: '`wharfinger config-schema` shows all there are',
};

const { targets } = watchSchema.shape;

/** Of `watch`. */
export const WATCH_FILE: Grammar = {
  schema: watchSchema,
  top: { what: 'the whole program', where: 'at the top level', keys: keysOf(watchSchema) },
  list: 'targets',
  item: { what: 'a target', where: 'in a target', keys: keysOf(targets.element) },
  directory: 'target',
  sinks: {},
  help: '`wharfinger watch --help` shows all there are',
};
