import { basename } from 'node:path';
import { UsageError } from '../../../shared/errors.ts';
import { checkBucketName, checkKey } from '../../../shared/object-store/key.ts';

/** What `s3://profile/bucket/path` says. */
export type Destination = {
  profile: string;
  bucket: string;
  /** Without a slash at either end; '' for the bucket itself. */
  path: string;
  /** It says so itself: a bucket, or a path that ends with a slash. */
  isDirectory: boolean;
};

const SCHEME = 's3://';

/** @throws UsageError where it is not of that form, or could be no place in a server directory */
export function parseDestination(text: string): Destination {
  if (!text.startsWith(SCHEME)) throw notOne(text, 'does not begin with s3://');
  const [profile = '', bucket, ...parts] = text.slice(SCHEME.length).split('/');
  if (profile === '') throw notOne(text, 'names no profile');
  if (bucket === undefined || bucket === '') throw notOne(text, 'names no bucket');
  checkBucketName(bucket);
  const isDirectory = parts.length === 0 || parts.at(-1) === '';
  if (parts.at(-1) === '') parts.pop();
  if (parts.includes('')) throw notOne(text, 'has two slashes side by side, which no directory can hold');
  const path = parts.join('/');
  if (path !== '') checkTarget(path);
  return { profile, bucket, path, isDirectory };
}

const notOne = (text: string, why: string): UsageError =>
  new UsageError(`the destination ${JSON.stringify(text)} ${why}`, {
    code: 'copy.destination',
    subject: text,
    hint: 'write s3://profile/bucket/path, for example s3://lab/archive/2024/report.csv',
  });

/** @throws UsageError for a key that no object can have, or that no server would take from `incoming` */
export function checkTarget(key: string): void {
  checkKey(key);
  if (!key.split('/').some((part) => part.startsWith('.wharfinger'))) return;
  throw new UsageError(`${JSON.stringify(key)} has a name that begins with .wharfinger`, {
    code: 'copy.own-name',
    subject: key,
    hint: 'such names are those of unfinished work, which is never uploaded; give it another',
  });
}

/** A SOURCE as it was written, and what is there. */
export type NamedSource = { text: string; isDirectory: boolean };

/**
 * The key of a file; of a directory what comes before the path below it, which is '' or ends with a slash.
 *
 * @param hasDirectory whether `incoming` has a directory of that name in the bucket, which `cp` would copy a file into
 */
export function placeOf(
  { text, isDirectory }: NamedSource,
  destination: Destination,
  hasDirectory: (path: string) => boolean,
): string {
  const into = destination.path === '' ? '' : `${destination.path}/`;
  if (isDirectory) {
    const isWhole = destination.isDirectory && !meansContents(text);
    return isWhole ? `${into}${basename(text)}/` : into;
  }
  const isInto = destination.isDirectory || hasDirectory(destination.path);
  return isInto ? into + basename(text) : destination.path;
}

/** `dir/`, `.`, `..`, `dir/.`, `/`: what has no name of its own, or was written so on purpose. */
const meansContents = (text: string): boolean => /(^|\/)\.{0,2}$/.test(text);
