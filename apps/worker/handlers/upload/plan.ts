import type { S3Sink } from '../../../../shared/config/settings.ts';
import { WharfingerError } from '../../../../shared/errors.ts';
import {
  type BytePath,
  basename,
  fromText,
  isUtf8,
  isWithin,
  join,
  relativeTo,
  toText,
} from '../../../../shared/fs/byte-path.ts';
import { partitionOf } from '../../../../shared/ledger/destination.ts';
import { checkBucketName, checkKey } from '../../../../shared/object-store/key.ts';
import type { LeasedJob } from '../../../../shared/queue/lease-store.ts';
import type { FileRecord } from '../../../../shared/uploads/file-record.ts';
import { instantParts, keyOf } from '../../../../shared/uploads/key-template.ts';
import { pathInPlace, readServerPath } from '../../../../shared/uploads/server-places.ts';
import type { Plan } from './stay.ts';
import type { UploadStore } from './store.ts';

/** Why nothing can be planned for a file where it is. */
export type NoPlan = { reason: string };

/** Before the bucket's row is known, which is written in a transaction. */
export type Draft = Omit<Plan, 'bucket'> & { credentials: string; profile: string; bucketName: string };

/**
 * What is to be done with the file of a job: from its sink, and from its path or its row in the ledger. `record` is the stay that it is in the
 * middle of, or the last one of a job that was asked for again: what that says is kept.
 */
export function planOf(job: LeasedJob, record: FileRecord | undefined, store: UploadStore): Draft | NoPlan {
  const sink = store.sinks.byId(job.sinkId);
  if (sink === undefined)
    throw new Error(`job ${job.id} names sink ${job.sinkId}, which is not in the state file`);
  const { settings } = sink;
  if (settings.type !== 's3') throw new Error(`job ${job.id} names sink ${sink.id}, which uploads nothing`);
  const draft =
    settings.to.by === 'path' ? byPath(job, record, settings.to.directory) : byKey(job, settings.to, store);
  if ('reason' in draft) return draft;
  const { bucketName, key } = draft;
  const fault = faultOf(() => checkBucketName(bucketName)) ?? faultOf(() => checkKey(key));
  if (fault !== undefined) return { reason: fault };
  return {
    ...draft,
    sink: settings,
    sinkId: sink.id,
    routeId: job.routeId ?? sink.routeId,
    credentials: settings.credentials ?? '',
  };
}

type Target = Pick<Draft, 'profile' | 'bucketName' | 'filepath' | 'key' | 'sha256' | 'ledgerId' | 'places'>;

function byPath(
  { key: path }: LeasedJob,
  record: FileRecord | undefined,
  directoryText: string,
): Target | NoPlan {
  const directory = fromText(directoryText);
  const found = readServerPath(directory, path);
  if (found === undefined) throw new Error(`${toText(path)} is in no place of ${directoryText}`);
  if ('lacks' in found) return { reason: `it lies outside of any ${found.lacks}: ${WHERE}` };
  // A file that failed may have got another name, because its own was taken there.
  const key = record === undefined ? found.key : fromText(record.filepath);
  const { profile, bucket } = found;
  if (!isUtf8(profile) || !isUtf8(bucket) || !isUtf8(key))
    return { reason: 'its name is not UTF-8, which the key of an object must be; rename it' };
  const at = { profile, bucket, key };
  return {
    profile: toText(profile),
    bucketName: toText(bucket),
    filepath: toText(key),
    key: toText(key),
    sha256: undefined,
    ledgerId: undefined,
    places: {
      processing: pathInPlace(directory, 'processing', at),
      completed: pathInPlace(directory, 'completed', at),
      failed: pathInPlace(directory, 'failed', at),
    },
  };
}

const WHERE = 'a file goes to incoming/<profile>/<bucket>/<key>';

type ByKey = Extract<S3Sink['to'], { by: 'key' }>;

function byKey(
  job: LeasedJob,
  { profile, bucket, key: template }: ByKey,
  store: UploadStore,
): Target | NoPlan {
  const ledgerId = ledgerIdOf(job);
  const found = ledgerId === undefined ? watched(job, store) : committed(ledgerId, store);
  const { path, route, instantMs, ...content } = found;
  if (!isUtf8(path))
    return { reason: 'its name is not UTF-8, which the key of an object must be; rename it' };
  const text = toText(path);
  const parts = { path: text, name: toText(basename(path)), route, ...instantParts(instantMs) };
  const key = keyOf(template, parts);
  return { profile, bucketName: bucket, filepath: text, key, places: undefined, ...content };
}

type Found = {
  path: BytePath;
  route: string;
  instantMs: number;
  sha256: string | undefined;
  ledgerId: number | undefined;
};

/** A file that is sent from the directory that it was dropped into. The date is that of its job: the same at every attempt. */
function watched({ id, key, routeId = 0, enqueuedMs }: LeasedJob, { routes }: UploadStore): Found {
  const route = routes.byId(routeId);
  if (route === undefined)
    throw new Error(`job ${id} names route ${routeId}, which is not in the state file`);
  return {
    path: relativeTo(route.input, key),
    route: route.name,
    instantMs: enqueuedMs,
    sha256: undefined,
    ledgerId: undefined,
  };
}

/** Of a job that hands on what was committed. */
export function ledgerIdOf({ payload }: Pick<LeasedJob, 'payload'>): number | undefined {
  return payload === undefined ? undefined : (JSON.parse(payload) as { ledger: number }).ledger;
}

/** A file in the warehouse: the path below its partition, which is the one below its input unless that name was taken. */
function committed(id: number, { ledger, routes }: UploadStore): Found {
  const row = ledger.byId(id);
  const route = row === undefined ? undefined : routes.byId(row.routeId);
  if (row === undefined || route === undefined)
    throw new Error(`ledger row ${id} or its route does not exist`);
  return {
    path: belowPartition(row.destination, route.warehouse, partitionOf(row.decidedMs)),
    route: route.name,
    instantMs: row.decidedMs,
    sha256: row.sha256.toString('hex'),
    ledgerId: id,
  };
}

/** The route may have another warehouse by now, or none, than when the file was committed. */
function belowPartition(destination: BytePath, warehouse: BytePath, partition: string): BytePath {
  const root = join(warehouse, partition);
  if (isWithin(root, destination)) return relativeTo(root, destination);
  const at = destination.indexOf(`/${partition}/`);
  if (at < 0) throw new Error(`${toText(destination)} is in no partition ${partition}`);
  return relativeTo(destination.slice(0, at + 1 + partition.length) as BytePath, destination);
}

function faultOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (!(error instanceof WharfingerError)) throw error;
    return error.hint === undefined ? error.message : `${error.message}; ${error.hint}`;
  }
}
