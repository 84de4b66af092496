/** What `import … from 'wharfinger/archives'` gives. */

export { EnvironmentError, UsageError, WharfingerError } from '../errors.ts';
export type { ArchiveEvent, Compression, ScavengeReport } from './contract.ts';
export type { ArchiveFile } from './library/archive-file.ts';
export type { Archives, OpenOptions } from './library/archives.ts';
export { type ArchivesOptions, openArchives } from './library/open-archives.ts';
export type { PickupOptions } from './library/pickup.ts';
export { type Scavenger, type StartScavengerOptions, startScavenger } from './scavenger/start-scavenger.ts';
