import type { RecallingAgent, Toolbox, Turn, TurnOptions } from '../agent/agent.ts';
import { createInterpreter } from '../agent/interpreter.ts';
import { normalise } from '../agent/normalise.ts';
import { isAffirmation } from '../agent/talk-words.ts';
import { toolCalls } from '../agent/tool-calls.ts';
import { Ferry, type ReaderTask } from './ferry.ts';
import { ReaderGate } from './reader-gate.ts';
import type { OfferedTool } from './tools.ts';

export type ReaderLoopOptions = {
  readonly toolbox: Toolbox;
  readonly tools: readonly OfferedTool[];
  readonly zone?: string;
  /** A stopwatch for how long tools took, in milliseconds. */
  readonly now?: () => number;
};

/**
 * The built-in reader in the loop of the language model: it says which tools it wants, and a gate lets a writing one
 * pass only where the person has just said a plain yes. It answers as the reader does by itself.
 */
export function createReaderLoop({
  toolbox,
  tools,
  zone,
  now = () => performance.now(),
}: ReaderLoopOptions): RecallingAgent {
  const ferry = new Ferry((carried) =>
    createInterpreter({ toolbox: carried, now, ...(zone !== undefined && { zone }) }),
  );
  const take = async (task: ReaderTask, options: TurnOptions): Promise<Turn> => {
    const calls = toolCalls(toolbox, options, now);
    const gate = new ReaderGate({
      tools,
      isYes: isYes(task),
      reach: (tool, args) => calls.reach(tool, args),
    });
    const { runReader } = await import('./reader-chat.ts');
    return runReader({ ferry, task, carryOut: (wish) => gate.carryOut(wish) });
  };
  return {
    name: 'built-in',
    turn: (text, options = {}) => take({ text }, options),
    confirm: (plan, options = {}) => take({ plan }, options),
    recall: (past) => ferry.recall(past),
  };
}

/** A plan that was chosen, or a line that says yes and nothing else but of what. */
function isYes(task: ReaderTask): boolean {
  if ('plan' in task) return true;
  const line = normalise(task.text.slice(0, 500)).text.replaceAll(/\bplan-[0-9a-f]{16}\b|\bc-\d+\b/gu, '');
  return isAffirmation(line, 'any') || isAffirmation(line, 'plan') || isAffirmation(line, 'release');
}
