import { existsSync, readFileSync } from 'node:fs';
import type { RouteSettings } from '../../../shared/config/settings.ts';
import { errnoOf } from '../../../shared/errors.ts';
import { fromText } from '../../../shared/fs/byte-path.ts';
import { walk } from '../../../shared/fs/walk.ts';
import { fileSystemType } from '../../../shared/linux/file-system-type.ts';
import { Inotify } from '../../../shared/linux/inotify.ts';
import { count } from '../format/text.ts';
import { type Check, type Examined, ok, warn } from './check.ts';

/** A burst of more events than this overflows the queue of the kernel, and costs a scan. */
const COMFORTABLE_EVENTS = 16_384;

/** The events by which files are noticed at once: limits of the kernel, and whether the file system sends any. */
export async function examineEvents({ settings }: Examined): Promise<Check[]> {
  const routes = settings.routes.filter(({ input, watch }) => existsSync(input) && watch !== 'poll');
  const watched = routes.filter(({ input }) => !fileSystemType(fromText(input)).isNetwork);
  if (watched.length === 0) return [];
  return [await examineWatches(watched), examineInstances(watched), examineQueue()];
}

async function examineWatches(routes: readonly RouteSettings[]): Promise<Check> {
  const limit = limitOf('max_user_watches');
  let directories = 0;
  for (const route of routes) directories += await countDirectories(route);
  const what = `${count(directories)} of ${count(limit)} directories that may be watched`;
  return directories <= limit
    ? ok('inotify-watches', what)
    : warn(
        'inotify-watches',
        `${what}: the inputs are scanned instead`,
        `sysctl fs.inotify.max_user_watches=${directories * 2}`,
      );
}

async function countDirectories({ input, recursive }: RouteSettings): Promise<number> {
  let directories = 1;
  if (!recursive) return directories;
  for await (const entries of walk(fromText(input), { recursive, onError: () => undefined })) {
    for (const { kind } of entries) if (kind === 'directory') directories += 1;
  }
  return directories;
}

/** Tried: others of this user's programs use instances and watches as well. */
function examineInstances(routes: readonly RouteSettings[]): Check {
  try {
    const inotify = new Inotify({ onReadable: () => undefined });
    try {
      for (const { input } of routes) inotify.add(fromText(input), { followLink: true });
    } finally {
      inotify.close();
    }
    return ok('inotify', 'the kernel takes watches on the inputs');
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined || !(error instanceof Error)) throw error;
    const limit = errno === 'EMFILE' ? 'max_user_instances' : 'max_user_watches';
    return warn(
      'inotify',
      `the kernel takes no watches (${error.message}): the inputs are scanned instead`,
      `sysctl fs.inotify.${limit}=${limitOf(limit) * 4}`,
    );
  }
}

function examineQueue(): Check {
  const limit = limitOf('max_queued_events');
  const what = `${count(limit)} events may wait`;
  return limit >= COMFORTABLE_EVENTS
    ? ok('inotify-queue', what)
    : warn(
        'inotify-queue',
        `${what}: a burst of more costs a scan`,
        `sysctl fs.inotify.max_queued_events=${COMFORTABLE_EVENTS * 4}`,
      );
}

const limitOf = (name: string): number => Number(readFileSync(`/proc/sys/fs/inotify/${name}`, 'latin1'));
