import type { Hand } from '../hand.ts';
import { movedDirectory, nested } from './directories.ts';
import { burst, chorus, empty, forged, large, plain, resent, slow, stalled } from './plain.ts';
import { appended, replaced, withdrawn } from './regretting.ts';
import { hardLinked, renamed, rotated, sameName } from './renaming.ts';

/** A way of writing files. Whatever it offers is new content, or content that it sends again on purpose. */
export type Kind = { name: string; weight: number; write(hand: Hand): Promise<void> };

export const KINDS: readonly Kind[] = [
  { name: 'plain', weight: 20, write: plain },
  { name: 'large', weight: 2, write: large },
  { name: 'empty', weight: 2, write: empty },
  { name: 'burst', weight: 3, write: burst },
  { name: 'resent', weight: 8, write: resent },
  { name: 'chorus', weight: 3, write: chorus },
  { name: 'slow', weight: 8, write: slow },
  { name: 'stalled', weight: 4, write: stalled },
  { name: 'forged', weight: 6, write: forged },
  { name: 'renamed', weight: 8, write: renamed },
  { name: 'rotated', weight: 6, write: rotated },
  { name: 'same name', weight: 12, write: sameName },
  { name: 'hard-linked', weight: 4, write: hardLinked },
  { name: 'replaced', weight: 4, write: replaced },
  { name: 'withdrawn', weight: 3, write: withdrawn },
  { name: 'appended', weight: 8, write: appended },
  { name: 'nested', weight: 10, write: nested },
  { name: 'moved directory', weight: 3, write: movedDirectory },
];
