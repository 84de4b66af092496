import { lazily, libcFunction } from './libc.ts';

type Readahead = (fd: number, offset: number, bytes: number) => number;

const call = lazily((): Readahead => libcFunction('long readahead(int, int64_t, size_t)'));

/**
 * Tells the kernel that the first `bytes` of a file will be read soon: what is not in memory is fetched meanwhile, many files at a time
 * instead of one after the other. A hint: where it is not heard the read takes longer, and nothing else.
 *
 * @see readahead(2)
 */
export function readAheadHint(fd: number, bytes: number): void {
  if (bytes > 0) call()(fd, 0, bytes);
}
