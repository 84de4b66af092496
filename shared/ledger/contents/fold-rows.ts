const FEWEST = 2_048;
const MOST = 131_072;

/**
 * How many rows are folded at once into an index of so many: a page of it has some 150, and gets about five of them at a time. Not more
 * than take 4 MiB of each process' memory, and hold others up for a third of a second.
 */
export const foldRows = (folded: number): number => Math.min(MOST, Math.max(FEWEST, Math.floor(folded / 32)));
