import { SCENES } from './scenes.ts';
import { Stage } from './stage.ts';

/**
 * Plays every scene against the real program, each in a folder of its own, and says what happened.
 *
 * @returns what was not as it should be; empty where all is well
 */
export async function simulate(say: (line: string) => void): Promise<string[]> {
  const problems: string[] = [];
  for (const [index, scene] of SCENES.entries()) {
    say(`\n${index + 1}. ${scene.title}`);
    await using stage = new Stage(say);
    const wrong = await scene.play(stage);
    const verified = await stage.verify();
    if (verified.code !== 0) wrong.push(`verify disagrees: ${verified.stdout}${verified.stderr}`);
    for (const problem of wrong) say(`    WRONG: ${problem}`);
    if (wrong.length === 0) say('    ok: exactly once, and verify --deep agrees');
    problems.push(...wrong.map((problem) => `${scene.title}: ${problem}`));
  }
  return problems;
}
