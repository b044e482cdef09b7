import { decide } from '../core/decide.ts';
import { lapse } from '../core/life/lapse.ts';
import { inputsOf } from '../core/plan.ts';
import { contractOf, type State } from '../core/state.ts';
import type { AsideRow } from '../ledger/aside.ts';
import type { Ledger, ReadOnlyReason } from '../ledger/port.ts';
import { Command } from '../model/command.ts';
import type { Decision } from '../model/decision.ts';
import type { Demand } from '../model/demand.ts';
import type { Entry, EntryDraft, Head } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import type { Digest } from '../model/id.ts';
import type { Inputs } from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import type { Template } from '../model/template.ts';
import { builtInPacks } from '../policy/built-in.ts';
import { actingOn } from './authorising.ts';
import { actorOf } from './caller.ts';
import { clockFault, usableMs } from './clock.ts';
import { ownYes, questionFor } from './confirming.ts';
import type { Caller, Clock } from './control.ts';
import { Fold, type Folded } from './fold.ts';
import { Library, planNamedIn } from './library.ts';
import { answeredBefore, type OnceRequest } from './once.ts';
import { verdictFor } from './ruling.ts';
import { sealedIn } from './seals.ts';
import { cedarOpinion, type EngineSource, SecondOpinion } from './second-opinion.ts';
import type { Moment } from './views/snapshot.ts';
import { inWords } from './words.ts';

/** How often an append may lose against other processes before the caller is told to try again. */
const attemptLimit = 64;

/** What became of a command: decided now and appended, answered from the ledger, or refused. */
export type Passed =
  | { readonly kind: 'appended' | 'replayed'; readonly entry: Entry; readonly moment: Moment }
  | { readonly kind: 'refused'; readonly decision: Refused; readonly moment: Moment };

type Refused = Extract<Decision, { kind: 'refused' }>;

type Attempt = {
  readonly request: OnceRequest;
  readonly moment: Moment;
  readonly words: AsideRow | undefined;
};

/** The digest of the tools of this version. Asked when something is recorded: writing them out takes a while. */
export type CatalogueSource = () => Promise<Digest>;

/** What the door of one ledger is made of. */
export type DoorParts = {
  readonly ledger: Ledger;
  readonly clock: Clock;
  /** The second engine that is asked before a placement is granted; cedar-wasm without it. */
  readonly engine?: EngineSource;
  readonly catalogue?: CatalogueSource;
  /** The fold of the first entries, where it is known already. */
  readonly folded?: Folded;
  /** Templates that come with this version; read when they are first asked for. */
  readonly templates?: () => readonly Template[];
  /** The address of a page on which people decide, without a slash at its end. */
  readonly approvalPage?: string | undefined;
};

/**
 * The passage that every command takes: stamp, load, ask the rules, decide, append at the head that was read.
 * Whoever appends first wins; the other one decides again on the new state.
 */
export class Door {
  readonly ledger: Ledger;
  readonly library: Library;
  readonly clock: Clock;
  readonly approvalPage: string | undefined;
  readonly #fold: Fold;
  readonly #second: SecondOpinion;
  readonly #catalogue: CatalogueSource | undefined;
  readonly #templates: () => readonly Template[];
  #hasPacks = false;

  constructor(parts: DoorParts) {
    const { ledger, clock, engine, catalogue, folded, templates = () => [] } = parts;
    this.ledger = ledger;
    this.clock = clock;
    this.approvalPage = parts.approvalPage;
    this.library = new Library(ledger);
    this.#fold = new Fold(ledger, folded);
    this.#second = engine === undefined ? cedarOpinion : new SecondOpinion(engine);
    this.#catalogue = catalogue;
    this.#templates = templates;
  }

  get templates(): readonly Template[] {
    return this.#templates();
  }

  /** State and head as they are now. Time never runs behind the ledger. */
  async moment(): Promise<Moment> {
    const { state, head } = await this.#fold.current();
    const readOnly = this.ledger.readOnly ?? clockFault(this.clock, head);
    const nowMs = Math.max(usableMs(this.clock) ?? 0, head.atMs);
    return { state: lapse(state, nowMs), head, clock: this.clock, nowMs, readOnly };
  }

  async pass(caller: Caller, wanted: Command, request: OnceRequest): Promise<Passed> {
    const { command, words } = this.#withoutWords(caller, wanted, request);
    await this.library.fetchFor(command);
    for (let attempt = 0; attempt < attemptLimit; attempt++) {
      const moment = await this.moment();
      // After the state was read: a key that is not found now has no part in what is decided on.
      const before = await answeredBefore(this.ledger, caller, request);
      if (before !== undefined) return { kind: 'replayed', entry: before, moment: await this.moment() };
      const passed = await this.#attempt(caller, command, { request, moment, words });
      if (passed !== undefined) return passed;
    }
    throw new BerthError({
      code: 'LEDGER_BUSY',
      message: `other processes kept appending to ${this.ledger.place}`,
      fix: 'try again with the same idempotency key',
      retryable: true,
    });
  }

  async #attempt(
    caller: Caller,
    command: Command,
    { request, moment, words }: Attempt,
  ): Promise<Passed | undefined> {
    const { state, head, nowMs, readOnly } = moment;
    if (readOnly !== undefined) throw closedFor(readOnly);
    const actor = actorOf(await this.#withCatalogue(caller));
    const verdict = verdictFor(state, demandOf(command, this.library, state), nowMs);
    const by = actingOn(state, { actor, command, atMs: nowMs, archive: this.library });
    const sealed = sealedIn(command, builtInPacks(), state.authority);
    const given = {
      atMs: nowMs,
      verdict,
      archive: this.library,
      by,
      ...(sealed === undefined ? {} : { sealed }),
      ...this.library.measured(command),
    };
    const { decision, events } = decide(state, given, command);
    const question = questionFor(caller, decision, events);
    if (question !== undefined) {
      await ownYes(caller, question);
      return this.#attempt({ ...caller, confirmed: 'form' }, command, {
        request,
        moment: await this.moment(),
        words,
      });
    }
    const isRefused = decision.kind === 'refused';
    if (isRefused && events.length === 0) return this.#refused(decision, moment);
    const refusal = isRefused ? undefined : await this.#second.refusalOf(command, moment, this.library);
    if (refusal !== undefined) return { kind: 'refused', decision: { kind: 'refused', refusal }, moment };
    if (words !== undefined) await this.ledger.keepAside(words);
    const draft: EntryDraft = {
      atMs: nowMs,
      clock: this.clock.kind,
      ...(request.tenant === undefined ? {} : { tenant: request.tenant }),
      actor,
      // A no is not the answer to its key: the same request may be allowed later.
      ...(isRefused ? {} : { idemKey: request.key }),
      requestHash: request.hash,
      inputs: entryInputs(state, verdict),
      command,
      decision,
      events: [...events],
    };
    const entry = await this.#append(draft, head);
    if (entry === undefined) return undefined;
    const after = await this.moment();
    return isRefused ? this.#refused(decision, after) : { kind: 'appended', entry, moment: after };
  }

  /** Who came through a tool was told what tools there are; who typed a command goes by the list of this version. */
  async #withCatalogue(caller: Caller): Promise<Caller> {
    if (caller.catalogue !== undefined || this.#catalogue === undefined) return caller;
    return { ...caller, catalogue: await this.#catalogue() };
  }

  /** The command with the digest of somebody's words in their place. They are kept when it is recorded. */
  #withoutWords(
    caller: Caller,
    wanted: Command,
    { told }: OnceRequest,
  ): { readonly command: Command; readonly words?: AsideRow } {
    if (told === undefined) return { command: wanted };
    const of = caller.onBehalfOf ?? caller.principal;
    const words = this.ledger.salted(of, told.text);
    return { command: Command.parse({ ...wanted, [told.field]: { aside: words.digest, of } }), words };
  }

  /** A no as it is shown: with the words of whoever stopped what was asked for. */
  async #refused({ refusal }: Refused, moment: Moment): Promise<Passed> {
    const decision: Refused = { kind: 'refused', refusal: await inWords(this.ledger, refusal) };
    return { kind: 'refused', decision, moment };
  }

  async #append(draft: EntryDraft, head: Head): Promise<Entry | undefined> {
    // What an entry was decided by is kept with it, so that any later version can make the decision again.
    if (!this.#hasPacks) await this.library.keepPacks(builtInPacks());
    this.#hasPacks = true;
    const appended = await this.ledger.append([draft], head);
    if (appended.kind === 'head-moved') return undefined;
    const [entry] = appended.entries;
    if (entry === undefined) throw new Error('an append of one draft gave no entry');
    return entry;
  }
}

/** Nothing is decided that could not be recorded. */
function closedFor({ why, fix }: ReadOnlyReason): BerthError {
  return new BerthError({ code: 'LEDGER_REFUSED', message: `${why}; nothing is changed`, fix });
}

/** What an entry was decided from: what a plan is made from, and who may do what. */
export function entryInputs(state: State, verdict: PolicyVerdict): Inputs {
  const { digest } = state.authority;
  return { ...inputsOf(state, verdict), ...(digest === undefined ? {} : { authority: digest }) };
}

/** The demand that a command is about: what it places, looks at, or wishes that rules were set aside for. */
export function demandOf(command: Command, library: Library, state: State): Demand | undefined {
  if (command.kind === 'waive-rules') return command.demand;
  if (command.kind === 'observe-contract') return contractOf(state, command.contract)?.demand;
  const digest = planNamedIn(command);
  return digest === undefined ? undefined : library.plan(digest).demand;
}
