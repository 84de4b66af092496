import type { Compression } from '../archives/contract.ts';

/** What a person may ask for. */
export const COMPRESSIONS = ['deflate', 'store'] as const satisfies Compression[];
