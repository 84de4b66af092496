import { type BytePath, isUtf8, toBytes, toText } from '../../../shared/fs/byte-path.ts';

export type Foreseen = {
  action: 'ingest' | 'duplicate' | 'incomplete' | 'excluded';
  path: BytePath;
  reason: string;
  /** Where it would go; absent where it would go nowhere. */
  destination?: BytePath | undefined;
};

/** The line of a file, with its newline. As in a manifest, a name that is not UTF-8 has its bytes beside it. */
export function lineOf({ action, path, reason, destination }: Foreseen): string {
  const line = {
    action,
    path: toText(path),
    reason,
    destination: destination === undefined ? null : toText(destination),
    ...(isUtf8(path) ? {} : { path_base64: toBytes(path).toString('base64') }),
  };
  return `${JSON.stringify(line)}\n`;
}
