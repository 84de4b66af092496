import { UsageError } from '../errors.ts';
import { DEFAULT_KEY } from '../uploads/key-template.ts';
import type { ConfigSink } from './config-file.ts';
import { type Layer, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import type { S3Sink } from './settings.ts';
import { MAX_OUTPUT_BYTES, MAX_RATIO } from './upload-limits.ts';

/**
 * The sinks of a route. A sink says all of itself; only its credentials, where it has none of its own, are those of the program, whose
 * layers are `above`. Its file is kept: the warehouse is where it belongs.
 *
 * @throws UsageError where two have one name
 */
export function resolveSinks(sinks: readonly ConfigSink[], above: readonly Layer[]): S3Sink[] {
  refuseSameName(sinks);
  const taken = new Set(sinks.map(({ name }) => name));
  return sinks.map(({ name, layer }) => {
    const own = name ?? freeName(taken);
    taken.add(own);
    return {
      type: 's3',
      name: own,
      ...sendingOf([layer, ...above.map(({ credentials }) => (credentials ? { credentials } : {}))], false),
      after: { do: 'keep' },
    };
  });
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

function freeName(taken: ReadonlySet<string | undefined>): string {
  let name = 's3';
  for (let number = 2; taken.has(name); number++) name = `s3-${number}`;
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
