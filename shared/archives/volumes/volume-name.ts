/** `.zip`, in whatever case. */
const SUFFIX_LENGTH = 4;

/** The digits of the highest number: of volumes of 64 MiB, 61 TiB. `parseArchivePath` leaves room for them in a name. */
export const MOST_DIGITS = 6;

/**
 * The name of a volume's file, without its directory: `ar.zip`, `ar-2.zip`, `ar-3.zip`.
 *
 * @param archive the name of the archive, without its directory
 * @param number 1 or more
 */
export function volumeName(archive: string, number: number): string {
  if (number === 1) return archive;
  const { stem, suffix } = partsOf(archive);
  return `${stem}-${number}${suffix}`;
}

export const partsOf = (archive: string): { stem: string; suffix: string } => ({
  stem: archive.slice(0, -SUFFIX_LENGTH),
  suffix: archive.slice(-SUFFIX_LENGTH),
});
