/** The same function, which remembers its last answer: for what is asked of one thing many times in a row. */
export function rememberLast<Argument, Answer>(
  work: (argument: Argument) => Answer,
): (argument: Argument) => Answer {
  let last: { argument: Argument; answer: Answer } | undefined;
  return (argument) => {
    if (last === undefined || last.argument !== argument) last = { argument, answer: work(argument) };
    return last.answer;
  };
}
