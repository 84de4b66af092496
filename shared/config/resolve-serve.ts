import { UsageError } from '../errors.ts';
import { fromText, toText } from '../fs/byte-path.ts';
import { type ServerPlace, serverPlace } from '../uploads/server-places.ts';
import { milliseconds, pick } from './layer.ts';
import type { OptionName } from './options.ts';
import { layersOf, programSettings, type Sources } from './resolve.ts';
import type { Settings, UploadRouteSettings } from './settings.ts';
import { MAX_OUTPUT_BYTES, MAX_RATIO } from './upload-limits.ts';

export type ResolvedServer = {
  settings: Settings;
  /** Absolute. */
  serverDirectory: string;
  /** Absolute; undefined where profiles are searched for. */
  credentials: string | undefined;
};

/** What `serve` runs with: two routes, first what a run before left in `processing`, then `incoming`. Throws as `resolveSettings` does. */
export function resolveServe(sources: Sources): ResolvedServer {
  const { layers } = layersOf(sources);
  const get = <Name extends OptionName>(name: Name) => pick(layers, name)?.value;
  const serverDirectory = get('server_directory');
  if (serverDirectory === undefined)
    throw new UsageError('no server directory is given', {
      code: 'usage.missing',
      subject: '--server-directory',
      hint: 'say where files wait to be uploaded, for example --server-directory /srv/flood',
    });
  const credentials = get('credentials');
  const scanSeconds = get('scan_seconds');
  const route = (place: ServerPlace, watch: UploadRouteSettings['watch']): UploadRouteSettings => ({
    name: place,
    input: toText(serverPlace(fromText(serverDirectory), place)),
    recursive: true,
    everyName: true,
    mode: 'close-write',
    stabilityMs: milliseconds(get('stability_seconds') ?? 10),
    include: [get('include') ?? []].flat(),
    exclude: [get('exclude') ?? []].flat(),
    watch,
    scanMs: scanSeconds === undefined ? undefined : milliseconds(scanSeconds),
    overdueMs: milliseconds(get('overdue_seconds') ?? 3600),
    sink: {
      type: 's3',
      name: 'serve',
      credentials,
      to: { by: 'path', directory: serverDirectory },
      decompress: false,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      maxRatio: MAX_RATIO,
      after: { do: 'keep' },
    },
  });
  const settings: Settings = {
    ...programSettings(sources, get),
    routes: [],
    // What is in processing came there from incoming, and events would tell of each file twice.
    uploadRoutes: [
      { ...route('processing', 'poll'), scanMs: milliseconds(scanSeconds ?? 60) },
      route('incoming', get('watch') ?? 'auto'),
    ],
    discoverers: 'one',
  };
  return { settings, serverDirectory, credentials };
}
