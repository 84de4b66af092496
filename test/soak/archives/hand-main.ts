/**
 * `node hand-main.ts BASE MEMBER…`: deposits these members in `hand.zip` together, prints how they were noted, and stays with its staging
 * archive open. Each line on stdin is another member.
 */
import { createInterface } from 'node:readline';
import { Hand } from './hand.ts';

const [, , base = '', ...members] = process.argv;
const hand = await Hand.open(base);

async function deposit(names: readonly string[]): Promise<void> {
  const from = hand.noted.length;
  await Promise.all(names.map((name) => hand.deposit('hand.zip', name, `the content of ${name}`)));
  console.log(JSON.stringify(hand.noted.slice(from)));
}

await deposit(members);
for await (const line of createInterface({ input: process.stdin })) await deposit([line]);
