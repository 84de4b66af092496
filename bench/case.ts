import type { Findings } from './results.ts';
import type { Sizes } from './sizes.ts';

export type BenchContext = {
  sizes: Sizes;
  /** An empty directory of this case on the file system under test; removed afterwards. */
  directory: string;
  /** How often each measurement is taken. */
  repetitions: number;
  /** Says how far it is, for a person who waits. */
  say(text: string): void;
};

/** One question with its measurement. A case throws where it could not measure what it claims to. */
export type BenchCase = {
  name: string;
  title: string;
  method: string;
  /** Left out of a run that names no case, but for `--full`. */
  onlyFull?: boolean;
  run(context: BenchContext): Promise<Findings>;
};
