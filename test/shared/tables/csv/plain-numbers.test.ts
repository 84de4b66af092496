import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainNumbers } from '../../../../shared/tables/csv/plain-numbers.ts';
import { randomFrom } from './random.ts';

test('a text is plain as long as no cell is odd or longer than fifteen characters, wherever it is cut', () => {
  const random = randomFrom(7);
  const seen = { plain: 0, other: 0 };
  for (let round = 0; round < 4000; round++) {
    const characters = Array.from({ length: 1 + Math.floor(random() * 120) }, () => {
      const drawn = random();
      return drawn < 0.13
        ? ','
        : drawn < 0.16
          ? '\n'
          : drawn < 0.165
            ? 'x'
            : String(Math.floor(random() * 10));
    });
    const text = characters.join('');
    const numbers = new PlainNumbers(',', '"', ['NA']);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) {
      const end = at + 1 + Math.floor(random() * 40);
      numbers.push(bytes.subarray(at, end));
      at = end;
    }
    const expected = !text.includes('x') && text.split(/[,\n]/).every((cell) => cell.length <= 15);
    assert.equal(numbers.isPlain, expected, JSON.stringify(text));
    seen[expected ? 'plain' : 'other'] += 1;
  }
  assert.ok(seen.plain > 500 && seen.other > 500, JSON.stringify(seen));
});
