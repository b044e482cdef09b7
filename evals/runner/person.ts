import type { Reply } from './contestant.ts';
import type { Answer, Deed, Task } from './task.ts';

/** What the person of a task says next, and what others do before that. */
export type Line = { readonly say: string; readonly meanwhile: readonly Deed[] };

/** The person of a script: first its turns, then answers by its table until nothing fits what the agent said. */
export function sayings(task: Task, paraphrase: number): { next(last?: Reply): Line | undefined } {
  const lines = linesOf(task, paraphrase);
  const used = new Map<Answer, number>();
  let at = 0;
  return {
    next(last) {
      const line = lines[at];
      at += 1;
      if (line !== undefined) return line;
      const answer = task.answers.find(
        (one) => (used.get(one) ?? 0) < one.atMost && last !== undefined && fits(one.when, last),
      );
      if (answer === undefined) return undefined;
      used.set(answer, (used.get(answer) ?? 0) + 1);
      return { say: answer.say, meanwhile: [] };
    },
  };
}

function linesOf({ turns, paraphrases }: Task, paraphrase: number): readonly Line[] {
  const others = paraphrase === 0 ? undefined : paraphrases[paraphrase - 1];
  if (others === undefined) return turns;
  return others.map((say, at) => ({ say, meanwhile: turns[at]?.meanwhile ?? [] }));
}

function fits({ asks, offers, says }: Answer['when'], { asked, text, drawn = '', ...reply }: Reply): boolean {
  const said = `${text}\n${drawn}`.toLowerCase();
  return (
    (asks === undefined || asked.includes(asks)) &&
    (offers === undefined || reply.offers === true) &&
    (says === undefined || said.includes(says.toLowerCase()))
  );
}
