import { planReply } from '../reply.ts';
import { type Answer, answered, type Talk } from './answer.ts';
import { showContract } from './contract.ts';

/** Spans of a line that asks; any other one changes the request or is about something else. */
const asked: readonly string[] = ['trait', 'gpus', 'plan'];

const questions = [
  /\b(?:what|how much)\b[^.;?]*\b(?:cost|costs|price|total|sum|expensive|per (?:day|hour|gpu))\b|\bhow (?:much|expensive) (?:is|was|were|are|would)\b/u,
  /^\W*(?:the )?(?:price|costs?|total|details?)\W*$/u,
  /\b(?:show|repeat|display|see|recap|summari[sz]e|print)\b[^.;?]*\b(?:(?:the|this|that|my|our) )?(?:plan|offer|proposal|request)\b/u,
  /\b(?:show|display|see|print)\b[^.;?]*\b(?:the|this|that|my|our) (?:contract|booking|reservation)\b/u,
  /^\W*(?:wait|hm+|and|so|ok)?[\s,]*(?:when|where|how long|for whom|who|which|what)\b[^.;?]*\b(?:it|that|this|they|them)\b/u,
  /^\W*(?:wait|hm+|and|so|ok)?[\s,]*(?:does|do|is|are|has|have|was|were|will) (?:it|that|this|they|these)\b/u,
];

/** A question about the plan that waits for a yes, or about the last contract: it is shown again, and nothing changes. */
export async function showCurrent(talk: Talk): Promise<Answer | undefined> {
  const { memory, reading } = talk;
  const { text } = reading.line;
  if (!questions.some((pattern) => pattern.test(text))) return undefined;
  if (!reading.spans.every(({ kind }) => asked.includes(kind))) return undefined;
  if (memory.plan !== undefined) {
    const { plan } = memory;
    return answered(talk, planReply(plan), [{ kind: 'plan', plan }], () => true, /\S+/gu);
  }
  const isOpen = memory.frame !== undefined || memory.contract === undefined;
  return isOpen ? undefined : showContract(talk, memory.contract?.id);
}
