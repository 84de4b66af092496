import { splitTemplate } from '../archive-sink/template.ts';
import { VOLUME_BYTES } from '../archives/contract.ts';
import { UsageError } from '../errors.ts';
import { type Layer, milliseconds, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import type { ArchiveSink, SinkSettings } from './settings.ts';

const PUBLISH_SECONDS = 60;

/** What goes into which archives, as the layers say. Base and archive must be said by one of them. */
export function archivingOf(layers: readonly Layer[]): Omit<ArchiveSink, 'type' | 'name'> {
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const [base, template] = [get('base'), get('archive')];
  const to = template === undefined ? undefined : splitTemplate(template);
  if (base === undefined || to === undefined)
    throw new Error('a sink without base or archive passed the validator');
  return {
    base,
    to,
    compression: get('compression') ?? 'deflate',
    publishMs: milliseconds(get('publish_seconds') ?? PUBLISH_SECONDS),
    scavenge: get('scavenge') ?? true,
    volumeBytes: get('volume_bytes') ?? VOLUME_BYTES,
    release: get('release') ?? false,
  };
}

const SHARED = [
  { key: 'scavenge', option: 'scavenge' },
  { key: 'volumeBytes', option: 'volume_bytes' },
] as const;

/**
 * Refuses sinks of one base that want it collected in different ways: it is collected for all of them together.
 *
 * @param places of the sinks in their file, in the same order
 * @throws UsageError
 */
export function refuseDisagreement(sinks: readonly SinkSettings[], places: readonly string[]): void {
  const seen = new Map<string, { sink: ArchiveSink; place: string }>();
  for (const [index, sink] of sinks.entries()) {
    if (sink.type !== 'archive') continue;
    const place = places[index] ?? '';
    const before = seen.get(sink.base);
    if (before === undefined) {
      seen.set(sink.base, { sink, place });
      continue;
    }
    const differs = SHARED.find(({ key }) => before.sink[key] !== sink[key]);
    if (differs === undefined) continue;
    throw new UsageError(
      `${place}: ${differs.option} is ${sink[differs.key]} here and ${before.sink[differs.key]} at ${before.place}, for one base`,
      {
        code: 'config.invalid',
        subject: place,
        hint: `what is deposited in ${sink.base} is collected together: say the same at both`,
      },
    );
  }
}
