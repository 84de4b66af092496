import type { MemberFacts } from '../contract.ts';
import type { FileFacts } from '../volumes/file-facts.ts';
import type { Damages } from './damage-text.ts';
import type { StagingFile } from './inbox.ts';

/** A staging archive that is being collected. */
export type Staging = StagingFile & {
  /** By what it is known again when its data is copied, and that nobody wrote into it since. */
  facts: FileFacts;
  damages: Damages;
  /** Whole ones. */
  members: number;
  /** Whether it begins as a zip file does, or one of which nothing is written yet. */
  isPlausible: boolean;
  /** Something of it could not be published: it stays where it is. */
  isKept: boolean;
};

/** A member that is whole in a staging archive, by the name that it has in its archive. */
export type CollectedMember = MemberFacts & {
  /** Where its packed bytes begin in the staging archive. */
  dataOffset: number;
};

export type Collected = { member: CollectedMember; staging: Staging };

/** Members of one archive, in the order in which they were read. They are made when they are asked for: who keeps many keeps their numbers. */
export type CollectedList = {
  readonly length: number;
  /** @throws RangeError where there is none */
  at(index: number): Collected;
  /** The same as `at(index).member.name`, for less. */
  nameOf(index: number): string;
};
