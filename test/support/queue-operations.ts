import fc from 'fast-check';
import { LANES, type Lane } from '../../shared/queue/job.ts';

/** One step of the model test. Leases and jobs are named by their place among those there are, so that a sequence can be shortened. */
export type Operation =
  | {
      do: 'put';
      by: number;
      kind: string;
      key: string;
      lane: Lane;
      fingerprint: string;
      priority: number;
      inMs: number;
    }
  | {
      do: 'claim';
      by: number;
      kind: string;
      lane: Lane;
      limit: number;
      end: 'oldest' | 'newest';
      leaseMs: number;
    }
  | { do: 'renew'; lease: number; leaseMs: number }
  | { do: 'settle'; lease: number; jobs: readonly { nth: number; settle: Settle }[] }
  | { do: 'end'; lease: number }
  | { do: 'advance'; ms: number }
  | { do: 'die'; holder: number }
  | { do: 'reclaim'; by: number; maxAttempts: number };

export type Settle =
  | { how: 'complete' | 'release' | 'fail' }
  | { how: 'delay'; inMs: number; charged: boolean };

/** Each holder's wall clock runs by this much off the others'. */
export const CLOCK_OFFSETS_MS = [0, -4_000, 7_000];

const holder = fc.nat(CLOCK_OFFSETS_MS.length - 1);
const lane = fc.constantFrom<Lane>(...LANES);
const kind = fc.constantFrom('ingest', 'upload');
const leaseMs = fc.constantFrom(1_000, 10_000, 30_000);
const inMs = fc.constantFrom(-5_000, 0, 0, 1, 3_000, 20_000);
const nth = fc.nat(11);
const settle = fc.oneof(
  fc.record({ how: fc.constantFrom('complete', 'release', 'fail') }),
  fc.record({ how: fc.constant('delay'), inMs, charged: fc.boolean() }),
);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('put'),
      by: holder,
      kind,
      key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      lane,
      fingerprint: fc.constantFrom('1:1', '1:2'),
      priority: fc.integer({ min: -1, max: 1 }),
      inMs,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('claim'),
      by: holder,
      kind,
      lane,
      limit: fc.integer({ min: 1, max: 4 }),
      end: fc.constantFrom('oldest', 'newest'),
      leaseMs,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('renew'), lease: nth, leaseMs }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      lease: nth,
      jobs: fc.array(fc.record({ nth: fc.nat(3), settle }), { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end'), lease: nth }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('advance'), ms: fc.constantFrom(1, 1_000, 5_000, 40_000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die'), holder }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('reclaim'),
      by: holder,
      maxAttempts: fc.integer({ min: 1, max: 4 }),
    }),
  },
);

export const operations: fc.Arbitrary<Operation[]> = fc.array(operation, { maxLength: 80, size: 'max' });
