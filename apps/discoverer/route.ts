import type { RouteSettings, UploadRouteSettings, WatchedSettings } from '../../shared/config/settings.ts';
import { type BytePath, fromText, relativeTo } from '../../shared/fs/byte-path.ts';
import { createFilter, type Filter } from '../../shared/fs/name-filter.ts';
import type { CompleteFile } from '../../shared/queue/file-jobs.ts';
import { FormerJobs } from '../../shared/queue/former-jobs.ts';
import { Routes } from '../../shared/queue/routes.ts';
import { Sinks } from '../../shared/queue/sinks.ts';
import type { State } from '../../shared/state/open.ts';
import { writeTransaction } from '../../shared/state/transaction.ts';

/** A route as the discoverer uses it. */
export type DiscoveredRoute<Settings extends WatchedSettings = WatchedSettings> = {
  id: number;
  name: string;
  input: BytePath;
  settings: Settings;
  filter: Filter;
  /** What its complete files become. */
  job: { kind: 'ingest' | 'upload'; sinkId: CompleteFile['sinkId'] };
  /** A duplicate stays in the input, and is remembered. */
  leavesDuplicates: boolean;
  /** A file stays in the input once it was uploaded, and is remembered. */
  keepsFiles: boolean;
  /** Hidden names are files like any other. */
  everyName: boolean;
};

/** Stores a route and its sinks, so that every worker knows them, or brings what is stored up to date. */
export function saveRoute(settings: RouteSettings, state: State): DiscoveredRoute {
  const id = new Routes(state).save({
    name: settings.name,
    input: fromText(settings.input),
    warehouse: fromText(settings.warehouse),
    manifests: fromText(settings.manifests),
    duplicates: fromText(settings.duplicates),
    onDuplicate: settings.onDuplicate,
    dedupe: settings.dedupe,
    mode: settings.mode,
    stabilityMs: settings.stabilityMs,
    takes: 'ingest',
  });
  writeTransaction(state, () => new Sinks(state).save(id, settings.sinks));
  return routeOf(settings, id);
}

/**
 * The same for routes whose files are uploaded. The places of one server directory share a sink: a file that moves from one to the other
 * is one job, whoever meets it where.
 *
 * @throws EnvironmentError `route.in-custody`
 */
export function saveUploadRoutes(routes: readonly UploadRouteSettings[], state: State): DiscoveredRoute[] {
  const ofDirectory = new Map<string, number>();
  return routes.map((route) => {
    const { to } = route.sink;
    const directory = to.by === 'path' ? to.directory : undefined;
    const shared = directory === undefined ? undefined : ofDirectory.get(directory);
    const saved = saveUploadRoute(route, state, shared);
    if (directory !== undefined) ofDirectory.set(directory, saved.job.sinkId);
    return saved;
  });
}

function saveUploadRoute(
  settings: UploadRouteSettings,
  state: State,
  sharedSinkId: number | undefined,
): DiscoveredRoute {
  new FormerJobs(state).refuseInCustody(fromText(settings.input));
  const id = new Routes(state).save({
    name: settings.name,
    input: fromText(settings.input),
    ...NO_CUSTODY,
    mode: settings.mode,
    stabilityMs: settings.stabilityMs,
  });
  const sinkId = sharedSinkId ?? saveSink(id, settings, state);
  return {
    ...watched(settings, id),
    filter: createFilter(settings),
    job: { kind: 'upload', sinkId },
    leavesDuplicates: false,
    keepsFiles: settings.sink.to.by === 'key' && settings.sink.after.do === 'keep',
    everyName: settings.everyName,
  };
}

function saveSink(routeId: number, { sink }: UploadRouteSettings, state: State): number {
  const [id] = writeTransaction(state, () => new Sinks(state).save(routeId, [sink]));
  if (id === undefined) throw new Error('a sink that was saved has a number');
  return id;
}

const NOWHERE = fromText('');
const NO_CUSTODY = {
  warehouse: NOWHERE,
  manifests: NOWHERE,
  duplicates: NOWHERE,
  onDuplicate: 'leave',
  dedupe: 'none',
  takes: 'upload',
} as const;

/** One whose files are taken into custody. */
export type CustodyRoute = DiscoveredRoute<RouteSettings>;

export const routeOf = (settings: RouteSettings, id: number): CustodyRoute => ({
  ...watched(settings, id),
  filter: createFilter(settings),
  job: { kind: 'ingest', sinkId: 0 },
  leavesDuplicates: settings.onDuplicate === 'leave',
  keepsFiles: false,
  everyName: false,
});

const watched = <Settings extends WatchedSettings>(settings: Settings, id: number) => ({
  id,
  name: settings.name,
  input: fromText(settings.input),
  settings,
});

/** Why a path in the input is not to be taken; undefined where it is. */
export const exclusionIn = (route: DiscoveredRoute, path: BytePath): string | undefined =>
  route.filter(relativeTo(route.input, path));
