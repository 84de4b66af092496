import { type BytePath, fromText, isWithin, join, relativeTo } from '../fs/byte-path.ts';

/** The directories of a server directory, in the order in which a file goes through them. */
export const SERVER_PLACES = ['incoming_tmp', 'incoming', 'processing', 'failed', 'completed'] as const;
export type ServerPlace = (typeof SERVER_PLACES)[number];

/** What the place of a file in a server directory says. */
export type ServerPath = { place: ServerPlace; profile: BytePath; bucket: BytePath; key: BytePath };

export const serverPlace = (directory: BytePath, place: ServerPlace): BytePath => join(directory, place);

/** `<directory>/<place>/<profile>/<bucket>/<key>`: where a file is while it is in a place. */
export const pathInPlace = (
  directory: BytePath,
  place: ServerPlace,
  { profile, bucket, key }: Pick<ServerPath, 'profile' | 'bucket' | 'key'>,
): BytePath => join(join(join(serverPlace(directory, place), profile), bucket), key);

/** What a path in a server directory says, or where it stops saying it. */
export function readServerPath(
  directory: BytePath,
  path: BytePath,
): ServerPath | { lacks: 'profile' | 'bucket' } | undefined {
  if (!isWithin(directory, path)) return undefined;
  const [first = '', profile = '', bucket = '', ...key] = relativeTo(directory, path).split('/');
  const place = SERVER_PLACES.find((name) => fromText(name) === first);
  if (place === undefined) return undefined;
  if (bucket === '') return { lacks: 'profile' };
  if (key.length === 0) return { lacks: 'bucket' };
  return { place, profile: profile as BytePath, bucket: bucket as BytePath, key: key.join('/') as BytePath };
}
