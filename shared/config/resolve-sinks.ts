import { UsageError } from '../errors.ts';
import { DEFAULT_KEY } from '../uploads/key-template.ts';
import type { ConfigSink } from './config-file.ts';
import { type Layer, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import { archivingOf } from './resolve-archive.ts';
import { loadingOf } from './resolve-load.ts';
import type { S3Sink, SinkSettings } from './settings.ts';
import { MAX_OUTPUT_BYTES, MAX_RATIO } from './upload-limits.ts';

/** What a sink takes from the program, whose layers are `above`, where it does not say it: all else it says itself. */
const FROM_PROGRAM = ['credentials', 'task_bytes', 'task_wait_seconds', 'max_rejects'] as const;

/**
 * The sinks of a route. Their files are kept: the warehouse is where they belong.
 *
 * @throws UsageError where two have one name, or one will not do
 */
export function resolveSinks(sinks: readonly ConfigSink[], above: readonly Layer[]): SinkSettings[] {
  refuseSameName(sinks);
  const taken = new Set(sinks.map(({ name }) => name));
  const layersAbove = above.map((layer): Layer => {
    const given = FROM_PROGRAM.flatMap((name) => (layer[name] === undefined ? [] : [[name, layer[name]]]));
    return Object.fromEntries(given);
  });
  return sinks.map((sink) => {
    const name = sink.name ?? freeName(sink.type, taken);
    taken.add(name);
    return resolveSink(sink, name, [sink.layer, ...layersAbove]);
  });
}

function resolveSink(
  { type, schema, place }: ConfigSink,
  name: string,
  layers: readonly Layer[],
): SinkSettings {
  switch (type) {
    case 'load':
      return { type, name, ...loadingOf(layers, schema, place) };
    case 'archive':
      return { type, name, ...archivingOf(layers) };
    case 's3':
      return { type, name, ...sendingOf(layers, false), after: { do: 'keep' } };
  }
}

/** What is to be sent where, as the layers say. Profile and bucket must be said by one of them. */
export function sendingOf(
  layers: readonly Layer[],
  decompress: boolean,
): Pick<S3Sink, 'credentials' | 'to' | 'decompress' | 'maxOutputBytes' | 'maxRatio'> {
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const [profile, bucket] = [get('profile'), get('bucket')];
  if (profile === undefined || bucket === undefined)
    throw new Error('a sink without profile or bucket passed the validator');
  return {
    credentials: get('credentials'),
    to: { by: 'key', profile, bucket, key: get('key') ?? DEFAULT_KEY },
    decompress: get('decompress') ?? decompress,
    maxOutputBytes: get('max_output_bytes') ?? MAX_OUTPUT_BYTES,
    maxRatio: get('max_ratio') ?? MAX_RATIO,
  };
}

function freeName(type: string, taken: ReadonlySet<string | undefined>): string {
  let name = type;
  for (let number = 2; taken.has(name); number++) name = `${type}-${number}`;
  return name;
}

function refuseSameName(sinks: readonly ConfigSink[]): void {
  const seen = new Map<string, string>();
  for (const { name, place } of sinks) {
    if (name === undefined) continue;
    const before = seen.get(name);
    if (before !== undefined) {
      throw new UsageError(`${place}: there is a sink named ${JSON.stringify(name)} at ${before} already`, {
        code: 'config.invalid',
        subject: place,
        hint: 'give each sink of a route its own name',
      });
    }
    seen.set(name, place);
  }
}
