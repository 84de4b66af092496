/** The name of an archive without its directory. Archives are named by paths below the base, with `/` between their parts. */
export const nameOf = (archive: string): string => archive.slice(archive.lastIndexOf('/') + 1);

/** The directory of an archive below the base; '' for the base itself. */
export const directoryOf = (archive: string): string =>
  archive.slice(0, Math.max(0, archive.lastIndexOf('/')));

/** Another file in the same directory. */
export const beside = (archive: string, name: string): string =>
  archive.slice(0, archive.lastIndexOf('/') + 1) + name;
