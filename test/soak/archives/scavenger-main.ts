/** `node scavenger-main.ts JSON`: a program that collects beside what else it does, until it is told to stop. Prints what it is told. */
import { once } from 'node:events';
import { startScavenger } from '../../../shared/archives/index.ts';
import { serializeError } from '../../../shared/log/serialize-error.ts';
import type { ScavengerOrders } from './orders.ts';

const { base, ...options }: ScavengerOrders = JSON.parse(process.argv[2] ?? '');
const print = (said: object): void => console.log(JSON.stringify(said));
const stopped = once(process, 'SIGTERM');
const scavenger = startScavenger(base, {
  ...options,
  onEvent: print,
  onReport: print,
  onError: (error) => print({ err: serializeError(error) }),
});
await stopped;
await scavenger.stop();
