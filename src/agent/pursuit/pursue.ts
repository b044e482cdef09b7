import type { ChangeResult } from '../../model/deed-view.ts';
import { type ApprovalId, type ContractId } from '../../model/id.ts';
import type { PlanView } from '../../model/plan-view.ts';
import type { Note, RunEnd } from '../../model/run.ts';
import type { Agent, Turn, TurnOptions } from '../agent.ts';
import type { CallTally } from './call-tally.ts';

/** Where a run says what it does, and asks whether it may go on. */
export type Journal = {
  /** Why it may go no further; nothing while it may. */
  barrier(): Promise<RunEnd | undefined>;
  note(note: Note): Promise<void>;
  /** The entry of the last deed, where there is one since the last note. */
  deed(): Promise<number | undefined>;
  /** Waits for a person's word; without patience it does not. */
  word?(approval: ApprovalId): Promise<'yes' | 'no' | RunEnd>;
};

export type Pursuit = {
  readonly agent: Agent;
  readonly tally: CallTally;
  readonly journal: Journal;
  /** Goes on with the next sentence after one that came to nothing. */
  readonly goesOn?: boolean;
  /** Asks the agent again after each deed: a language model sees for itself what is left. */
  readonly asksAgain?: boolean;
  readonly signal?: AbortSignal;
  readonly onEvent?: TurnOptions['onEvent'];
  readonly onStep?: (step: PursuedStep) => void;
};

type Deed = {
  readonly proposed: NonNullable<Note['proposed']>;
  readonly did: NonNullable<Note['did']>;
};

/** What came of one sentence of the goal. */
export type PursuedStep = {
  readonly step: number;
  readonly goal: string;
  /** The last answer of the agent. */
  readonly turn: Turn;
  readonly deeds: readonly Deed[];
  /** Why it went no further; nothing where it was done. */
  readonly end?: RunEnd;
};

export type Pursued = { readonly end: RunEnd; readonly steps: readonly PursuedStep[] };

/**
 * Works through a goal, sentence by sentence, until one is not done. Each sentence is one answer of the agent; a plan or
 * a release in it, read whole, is noted and then done. Who may do what is not asked here: the door answers that.
 */
export async function pursue(goals: readonly string[], pursuit: Pursuit): Promise<Pursued> {
  const steps: PursuedStep[] = [];
  let end: RunEnd = 'done';
  for (const [index, goal] of goals.entries()) {
    const barrier = await barrierOf(pursuit);
    if (barrier !== undefined) return { end: barrier, steps };
    const step = await new Step(pursuit, { step: index + 1, goal }).take();
    steps.push(step);
    pursuit.onStep?.(step);
    if (step.end === undefined) continue;
    if (end === 'done') end = step.end;
    if (pursuit.goesOn !== true || !passable.has(step.end)) return { end: step.end, steps };
  }
  return { end, steps };
}

/** What says nothing about the next sentence. */
const passable: ReadonlySet<RunEnd> = new Set(['refused', 'not-read', 'needs-input', 'waiting']);

async function barrierOf({ journal, signal }: Pursuit): Promise<RunEnd | undefined> {
  return signal?.aborted === true ? 'interrupted' : journal.barrier();
}

/** So often the same wish is planned anew because its plan no longer held. */
const staleMost = 3;
/** So often a model is asked what is left. */
const askedAgainMost = 12;
const whatIsLeft =
  'That was done. If anything of the goal is still open, go on with it now; if nothing is, say so in one sentence.';

type Proposal =
  | { readonly kind: 'plan'; readonly plan: PlanView }
  | { readonly kind: 'release'; readonly contract: ContractId };

class Step {
  readonly #pursuit: Pursuit;
  readonly #asked: { readonly step: number; readonly goal: string };
  readonly #deeds: Deed[] = [];

  constructor(pursuit: Pursuit, asked: { readonly step: number; readonly goal: string }) {
    this.#pursuit = pursuit;
    this.#asked = asked;
  }

  async take(): Promise<PursuedStep> {
    const { agent, asksAgain } = this.#pursuit;
    let turn = await agent.turn(this.#asked.goal, this.#options());
    for (let asked = 0; ; asked++) {
      const proposal = await this.#proposalIn(turn);
      if ('end' in proposal) return this.#ended(turn, proposal.end);
      const done = await this.#carryOut(turn, proposal);
      if (done.end !== undefined || asksAgain !== true || asked >= askedAgainMost)
        return this.#ended(done.turn, done.end);
      const barrier = await barrierOf(this.#pursuit);
      if (barrier !== undefined) return this.#ended(done.turn, barrier);
      turn = await agent.turn(whatIsLeft, this.#options());
    }
  }

  #options(): TurnOptions {
    const { signal, onEvent } = this.#pursuit;
    return { ...(signal === undefined ? {} : { signal }), ...(onEvent === undefined ? {} : { onEvent }) };
  }

  #ended(turn: Turn, end: RunEnd | undefined): PursuedStep {
    return { ...this.#asked, turn, deeds: this.#deeds, ...(end === undefined ? {} : { end }) };
  }

  /** What the answer proposes to do, if all of the sentence was read; otherwise how the sentence ends. */
  async #proposalIn(turn: Turn): Promise<Proposal | { readonly end: RunEnd | undefined }> {
    const end = this.#endBefore(turn);
    const proposal = end === undefined ? proposed(turn) : undefined;
    if (proposal !== undefined) return proposal;
    await this.#note({});
    return { end: end ?? endOf(turn) };
  }

  #endBefore({ outcome, error, unread }: Turn): RunEnd | undefined {
    const { tally, signal } = this.#pursuit;
    if (tally.isSpent) return 'steps';
    if (signal?.aborted === true || error?.code === 'INTERRUPTED') return 'interrupted';
    if (outcome === 'error') return 'failed';
    return unread.length > 0 ? 'not-read' : undefined;
  }

  /** Says what is proposed, asks once more whether it may, does it, and says what came of it. */
  async #carryOut(
    before: Turn,
    first: Proposal,
  ): Promise<{ readonly turn: Turn; readonly end: RunEnd | undefined }> {
    let turn = before;
    let proposal = first;
    for (let tries = 1; ; tries++) {
      await this.#note({ proposed: wordsOf(proposal) });
      const barrier = await barrierOf(this.#pursuit);
      if (barrier !== undefined) return { turn, end: barrier };
      turn = await this.#yes(proposal);
      const did = await this.#didIn(turn);
      this.#deeds.push({ proposed: wordsOf(proposal), did });
      await this.#note({ proposed: wordsOf(proposal), did });
      const fresh = turn.outcome === 'stale' ? turn.plan : undefined;
      if (fresh === undefined || tries >= staleMost) return { turn, end: await this.#endAfter(turn, did) };
      proposal = { kind: 'plan', plan: fresh };
    }
  }

  /** Not to be interrupted: what has begun is done or refused. */
  #yes(proposal: Proposal): Promise<Turn> {
    const { agent, onEvent } = this.#pursuit;
    const options = onEvent === undefined ? {} : { onEvent };
    return proposal.kind === 'plan' ? agent.confirm(proposal.plan, options) : agent.turn('yes', options);
  }

  async #didIn(turn: Turn): Promise<Deed['did']> {
    const change = changeIn(turn);
    const entry = change?.entry?.seq ?? (await this.#pursuit.journal.deed());
    return {
      result: resultOf(turn, change),
      ...(entry === undefined ? {} : { entry }),
      ...(change?.contract === undefined ? {} : { contract: change.contract.id }),
      ...(change?.approval === undefined ? {} : { approval: change.approval.id }),
      ...(change?.refusal === undefined ? {} : { refusal: change.refusal.kind }),
    };
  }

  async #endAfter(turn: Turn, { result, approval }: Deed['did']): Promise<RunEnd | undefined> {
    const { journal, tally } = this.#pursuit;
    if (result === 'done') return undefined;
    if (tally.isSpent) return 'steps';
    if (result !== 'waiting')
      return (await journal.barrier()) ?? (turn.outcome === 'error' ? 'failed' : 'refused');
    if (approval === undefined || journal.word === undefined) return 'waiting';
    const word = await journal.word(approval);
    if (word === 'yes') return undefined;
    return word === 'no' ? 'refused' : word;
  }

  async #note(more: Pick<Note, 'proposed' | 'did'>): Promise<void> {
    const { tally, journal } = this.#pursuit;
    await journal.note({ step: this.#asked.step, saw: tally.take(), ...more });
  }
}

/** A plan, or the question whether to release a contract, which an agent's own goal has answered. */
function proposed({ outcome, plan, question, shown }: Turn): Proposal | undefined {
  if (outcome === 'planned' && plan !== undefined) return { kind: 'plan', plan };
  const [missing, ...more] = question?.missing ?? [];
  if (outcome !== 'needs_input' || missing?.slot !== 'confirm' || more.length > 0) return undefined;
  const contract = shown.find((card) => card.kind === 'contract')?.detail.contract;
  return contract === undefined ? undefined : { kind: 'release', contract: contract.id };
}

function wordsOf(proposal: Proposal): NonNullable<Note['proposed']> {
  return proposal.kind === 'release'
    ? { how: 'release', contract: proposal.contract }
    : { how: 'plan', plan: proposal.plan.id };
}

function changeIn({ shown }: Turn): ChangeResult | undefined {
  return shown.find((card) => card.kind === 'change')?.change;
}

function resultOf({ outcome }: Turn, change: ChangeResult | undefined): Deed['did']['result'] {
  if (outcome === 'pending_approval') return 'waiting';
  if (outcome === 'stale') return 'again';
  const isDone = change !== undefined && change.decision !== 'rejected';
  return isDone ? 'done' : 'refused';
}

function endOf({ outcome }: Turn): RunEnd | undefined {
  switch (outcome) {
    case 'answered':
    case 'committed':
      return undefined;
    case 'needs_input':
      return 'needs-input';
    case 'pending_approval':
      return 'waiting';
    case 'error':
      return 'failed';
    case 'planned':
    case 'infeasible':
    case 'denied':
    case 'stale':
      return 'refused';
    default:
      return outcome satisfies never;
  }
}
