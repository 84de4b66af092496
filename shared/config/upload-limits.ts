const GIB = 1024 ** 3;

/** What one file may unpack to. More than any honest file that fits the disk it came from; a bomb ends there. */
export const MAX_OUTPUT_BYTES = 1024 * GIB;

/** Output bytes an input byte: zeros in gzip come to 1,030. */
export const MAX_RATIO = 2000;
