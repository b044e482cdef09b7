import { type Answer, asking, type Talk } from './answers/answer.ts';
import { showApprovals, showDeeds } from './answers/approvals.ts';
import { changeContract } from './answers/change.ts';
import {
  greet,
  help,
  isNotHere,
  namesCommand,
  noSuchPlace,
  notUnderstood,
  refuseErase,
} from './answers/closed.ts';
import { askRelease, listContracts, meantContract, showContract, verify } from './answers/contract.ts';
import { countFree, listNodes, showRecords, summarise } from './answers/inventory.ts';
import { whichAreKept } from './answers/kept.ts';
import { drain } from './answers/maintenance.ts';
import { explain, explainWish, whatIf } from './answers/placement.ts';
import { showPower } from './answers/power.ts';
import { replay } from './answers/replay.ts';
import { amendRequest, planRequest, wishOf } from './answers/request.ts';
import { checkRules, refuseOverride } from './answers/rules.ts';
import { templates } from './answers/templates.ts';
import { strangePlaces } from './blockers.ts';
import type { Intent } from './cues.ts';
import { affirmPlan, isYesAndMore, stillWaits, withAmendCues } from './follow-up.ts';
import type { IntentReading } from './intent.ts';
import { spansOf } from './reading.ts';
import { frameOf, isRequestSpan } from './slots.ts';
import { mask } from './spans/span.ts';
import { isAffirmation, isAmendment } from './talk-words.ts';

/** The answer to a line by its intent. */
export async function dispatch(talk: Talk, { intent, rival }: IntentReading): Promise<Answer> {
  const { reading } = talk;
  if (isYesAndMore(talk) && talk.memory.plan !== undefined)
    return stillWaits(talk.memory.plan, 'One thing at a time: say "yes" alone to commit');
  if (intent === undefined) return elliptical(talk);
  if (rival !== undefined) return whichIntent(talk, intent, rival);
  if (pointsAtContract(talk, intent)) return showContract(talk);
  if (isNotHere(intent)) return namesCommand(talk, intent);
  if (lookups.has(intent)) {
    const strange = strangePlaces(talk);
    if (strange.length > 0) return noSuchPlace(talk, strange);
  }
  switch (intent) {
    case 'greeting':
      return greet(talk);
    case 'help':
      return help(talk);
    case 'summary':
      return summarise(talk);
    case 'list':
      return listNodes(talk);
    case 'capacity':
      return countFree(talk);
    case 'records':
      return showRecords(talk);
    case 'power':
      return showPower(talk);
    case 'plan':
      return plansAnew(talk) ? planRequest(talk) : amendRequest(withAmendCues(talk));
    case 'explain':
      return explain(talk);
    case 'fits':
      return explainWish(talk, wishOf(talk));
    case 'what-if':
      return whatIf(talk);
    case 'drain':
      return drain(talk);
    case 'contracts':
      return listContracts(talk);
    case 'contract':
      return showContract(talk);
    case 'release':
      return askRelease(talk);
    case 'commit':
      return commitNamed(talk);
    case 'verify':
      return spansOf(reading, 'contract').length > 0 ? replay(talk) : verify(talk);
    case 'templates':
      return templates(talk);
    case 'policy':
      return checkRules(talk);
    case 'override':
      return refuseOverride(talk);
    case 'erase':
      return refuseErase(talk);
    case 'fraction':
    case 'swap':
    case 'hold':
    case 'close':
    case 'consolidate':
    case 'mandate':
      return namesCommand(talk, intent);
    case 'resize':
      return changeContract(talk);
    case 'replay':
      return replay(talk);
    case 'audit':
      return showDeeds(talk);
    case 'approvals':
      return showApprovals(talk);
    case 'kept':
      return whichAreKept(talk);
    default:
      return intent satisfies never;
  }
}

/** Questions that list what is there: about a place that nobody knows there is nothing to list. */
const lookups: ReadonlySet<Intent> = new Set(['summary', 'list', 'capacity', 'power', 'contracts']);

/** `book it for me` names nothing new: it is about the request under discussion. */
function plansAnew({ reading, memory }: Talk): boolean {
  return (
    memory.frame === undefined || reading.spans.some((span) => isRequestSpan(span) && span.kind !== 'gpus')
  );
}

/** `show it`, right after a contract was talked about. */
function pointsAtContract({ reading, memory }: Talk, intent: Intent): boolean {
  const isShowing = intent === 'list' || intent === 'contract';
  return (
    isShowing &&
    memory.contract !== undefined &&
    reading.spans.length === 0 &&
    /\b(?:it|that|this)\W*$/u.test(reading.line.text)
  );
}

/** No verb at all: `8 H200 in Amsterdam for a week for acme` is a request, `C-101` a question about it. */
async function elliptical(talk: Talk): Promise<Answer> {
  const { reading, memory } = talk;
  if (/^\W*undo\b|\brelease (?:it|that|this)\b/u.test(reading.line.text)) return askRelease(talk);
  if (meantContract(talk) !== undefined && spansOf(reading, 'contract').length > 0) return showContract(talk);
  const { frame } = frameOf(reading, talk.gazetteer);
  if (frame.amount !== undefined && (frame.models !== undefined || memory.frame !== undefined))
    return planRequest(talk);
  if (memory.contract !== undefined && isAmendment(reading.line.text)) return changeContract(talk);
  // Who and when, and nothing else: the rest of the request is asked for.
  const isWhen = frame.start !== undefined || frame.length !== undefined;
  if (frame.tenant !== undefined && isWhen && memory.frame === undefined) return planRequest(talk);
  return notUnderstood(talk);
}

/**
 * `commit plan-…`: only the plan that was shown here, and only when the line says nothing else. Another plan was
 * not seen by this person; a condition, a question or a denial is no yes.
 */
async function commitNamed(talk: Talk): Promise<Answer> {
  const [named] = spansOf(talk.reading, 'plan');
  const { plan } = talk.memory;
  const isMeant = plan !== undefined && (named === undefined || named.plan === plan.id);
  if (isMeant && isAffirmation(mask(talk.reading.line.text, spansOf(talk.reading, 'plan')), 'plan'))
    return affirmPlan(talk, plan);
  if (isMeant)
    return stillWaits(plan, 'That is more than a yes, so nothing was done. Say "yes" alone to commit');
  const text =
    named === undefined
      ? 'which plan'
      : `whether to plan it again: \`${named.plan}\` was not made in this conversation`;
  return asking(
    talk,
    [{ slot: 'plan', text, suggestions: plan === undefined ? [] : [plan.id] }],
    'To commit I need to know',
  );
}

const intentWords: Readonly<Partial<Record<Intent, string>>> = {
  plan: 'plan a placement',
  release: 'release a contract',
  commit: 'commit the plan',
  drain: 'see what draining would do',
  'what-if': 'see what a loss would do',
  list: 'list nodes',
  capacity: 'count free GPUs',
  explain: 'explain',
  contracts: 'list contracts',
};

function whichIntent(talk: Talk, intent: Intent, rival: Intent): Answer {
  const suggestions = [intent, rival].map((one) => intentWords[one] ?? one);
  return asking(
    talk,
    [{ slot: 'intent', text: `which one first: ${suggestions.join(' or ')}`, suggestions }],
    'I read two things in this and need to know',
  );
}
