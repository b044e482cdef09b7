import { tenuresOf } from '../core/calendar/holding.ts';
import { decide } from '../core/decide.ts';
import { digestState } from '../core/digest.ts';
import { lapse } from '../core/life/lapse.ts';
import { replan } from '../core/life/replan.ts';
import { applyAll, contractOf, emptyState, type State } from '../core/state.ts';
import { coreVersion } from '../core/version.ts';
import { checkEntry, faultText, sha256Of } from '../ledger/chain.ts';
import type { Ledger } from '../ledger/port.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import type { Decision } from '../model/decision.ts';
import { emptyHead, Entry, type Head } from '../model/entry.ts';
import { BerthError } from '../model/error.ts';
import { type ContractId, type Digest, parentOf, Path, planIdOf } from '../model/id.ts';
import { type Member, seatsOf } from '../model/placement.ts';
import type { Plan, PlanAnswer } from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import type { ContractAgain, VerifyResult } from '../model/verify-view.ts';
import { actingOn } from './authorising.ts';
import type { Progress } from './control.ts';
import { demandOf, entryInputs } from './door.ts';
import { stampOf } from './fold.ts';
import { handOverFault } from './hand-over-fault.ts';
import { entriesOf } from './history.ts';
import { Library, planNamedIn } from './library.ts';
import { verdictFor } from './ruling.ts';
import { sealedIn } from './seals.ts';
import { Tally } from './tally.ts';
import { AsideCheck } from './verifying-asides.ts';
import { ChatCheck } from './verifying-chats.ts';
import { faultElsewhen } from './verifying-elsewhen.ts';
import { claimsOf, type GpuClaim, slicesClash } from './verifying-slices.ts';
import { TreeCheck } from './verifying-tree.ts';

/**
 * Checks a ledger from its first entry to its head, with nothing taken from memory: the chain, the blobs it
 * names, its keys and clock; then every decision is made again and every plan placed again, and both must come
 * out as they were recorded. Last, the devices of all contracts are compared with each other.
 */
export async function verifyLedger(
  ledger: Ledger,
  progress: Progress = () => {},
  { untilMs = Infinity, contract }: VerifyWish = {},
): Promise<VerifyResult> {
  const total = (await ledger.head()).seq;
  const replay = new Replay(new Library(ledger), ledger);
  await replay.expectPlans(await committedPlans(ledger, untilMs));
  for await (const entry of entriesOf(ledger)) {
    if (entry.atMs > untilMs) break;
    await replay.follow(entry);
    if (entry.seq % breathEvery !== 0 && entry.seq !== total) continue;
    progress(entry.seq, total, 'entries replayed');
    await nextTurn();
  }
  // Sessions have no moment of their own in the ledger: they are looked at when all of it is.
  const result = await replay.result(ledger, untilMs === Infinity);
  return contract === undefined ? result : { ...result, contract: replay.againOf(contract) };
}

/** How far to replay, and a contract of which to say whether it came out the same. */
export type VerifyWish = { readonly untilMs?: number; readonly contract?: ContractId };

/** Between two turns of the event loop: signals and other callers are heard only then. */
const breathEvery = 100;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

class Replay {
  readonly #library: Library;
  readonly #ledger: Ledger;
  readonly #chain = new Tally('chain', 'every entry follows the one before it');
  readonly #blobs = new Tally('blobs', 'every plan and observation named is there, byte for byte');
  readonly #keys = new Tally('keys', 'no idempotency key was used twice');
  readonly #clock = new Tally('clock', 'time never goes back');
  readonly #decisions = new Tally('replay', 'every decision came out the same again');
  readonly #plans = new Tally('plans', 'every plan was found again where it was made');
  readonly #placements = new Tally('placements', 'no device is promised twice');
  readonly #tree = new TreeCheck();
  readonly #words: AsideCheck;
  readonly #chats: ChatCheck;
  readonly #usedKeys = new Set<string>();
  readonly #plansBySeq = new Map<number, { digest: Digest; commitSeq: number }[]>();
  readonly #grantSeqs = new Map<ContractId, number>();
  /** Plans that were made again, and whether they came out the same. */
  readonly #madeAgain = new Map<Digest, boolean>();
  #state: State = emptyState;
  #head: Head = emptyHead;
  #stopped = false;

  constructor(library: Library, ledger: Ledger) {
    this.#library = library;
    this.#ledger = ledger;
    this.#words = new AsideCheck(ledger);
    this.#chats = new ChatCheck(ledger);
  }

  /** Plans are placed again at the entry they were computed from, as the replay passes it. */
  async expectPlans(plans: ReadonlyMap<Digest, number>): Promise<void> {
    for (const [digest, seq] of plans) {
      try {
        const inputs = await this.#library.inputsOf(digest);
        await this.#library.fetchPacks(inputs.policy);
        const due = this.#plansBySeq.get(inputs.seq) ?? [];
        this.#plansBySeq.set(inputs.seq, [...due, { digest, commitSeq: seq }]);
        if (inputs.seq >= seq)
          this.#plans.fail(
            `the plan \`${digest}\` says it rests on entry ${inputs.seq}, later than itself`,
            seq,
          );
      } catch (error) {
        this.#blobs.fail(noteOf(error), seq);
      }
    }
    await this.#placeAgain();
  }

  async follow(entry: Entry): Promise<void> {
    // Opening takes what a checkpoint vouches for without the schema; here everything is parsed.
    const unreadable = Entry.safeParse(entry).success ? [] : ['is no entry that this Berth can read'];
    const faults = [...unreadable, ...checkEntry(entry, this.#head).map(faultText)];
    this.#chain.assert(faults.length === 0, `entry ${entry.seq} ${faults.join(' and ')}`, entry.seq);
    this.#clock.assert(
      entry.atMs >= this.#head.atMs,
      `entry ${entry.seq} is older than the one before it`,
      entry.seq,
    );
    this.#requireFreshKey(entry);
    this.#tree.follow(entry);
    await this.#words.follow(entry);
    this.#chats.follow(entry);
    this.#head = { seq: entry.seq, digest: entry.digest, atMs: entry.atMs };
    if (this.#stopped || !(await this.#fetch(entry))) return;
    await this.#fetchPacks(entry);
    this.#decideAgain(entry);
    this.#fold(entry);
    const plan = planNamedIn(entry.command);
    if (plan !== undefined) this.#library.forget(plan);
    if (entry.command.kind === 'observe-contract') this.#library.forgetMeasurement(entry.command.measurement);
    await this.#placeAgain();
  }

  /** Whether the last grant or change of a contract came out the same again: its decision, and the plan that it carries out. */
  againOf(id: ContractId): ContractAgain {
    const seq = this.#grantSeqs.get(id);
    const contract = contractOf(this.#state, id);
    if (seq === undefined || contract === undefined)
      return { id, again: 'not-yet', note: 'it was not granted by then' };
    const grant = { id, entry: seq, plan: contract.planDigest };
    const fault = this.#decisions.faultAt(seq);
    const isSame = this.#madeAgain.get(contract.planDigest);
    if (fault !== undefined || isSame === false)
      return { ...grant, again: 'different', note: fault ?? 'its plan comes out with another digest' };
    return isSame === true
      ? { ...grant, again: 'same', note: 'decided and planned again, with the digest that was granted' }
      : { ...grant, again: 'not-made-again', note: 'its plan was made by another version' };
  }

  async result(ledger: Ledger, isWhole: boolean): Promise<VerifyResult> {
    if (ledger.readOnly?.kind === 'unsound') this.#chain.fail(ledger.readOnly.why);
    this.#comparePlacements();
    const checks = [
      this.#chain,
      this.#blobs,
      this.#keys,
      this.#clock,
      this.#decisions,
      this.#plans,
      this.#placements,
    ].map((tally) => tally.result());
    checks.splice(1, 0, await this.#tree.result(ledger), this.#words.result());
    const sessions = isWhole ? await this.#chats.result() : undefined;
    if (sessions !== undefined) checks.push(sessions);
    return {
      place: ledger.place,
      ok: checks.every((check) => check.ok),
      entries: this.#head.seq,
      head: this.#head.digest,
      stateDigest: digestState(this.#state),
      core: coreVersion,
      checks,
      ...(ledger.readOnly === undefined ? {} : { readOnly: ledger.readOnly.why }),
    };
  }

  #requireFreshKey({ actor, tenant, idemKey, seq }: Entry): void {
    if (idemKey === undefined) return;
    const scope = canonicalJson([tenant ?? null, actor.principal, idemKey]);
    this.#keys.assert(!this.#usedKeys.has(scope), `entry ${seq} uses the key \`${idemKey}\` again`, seq);
    this.#usedKeys.add(scope);
  }

  /** Reads the blobs of an entry and hashes their bytes. Without them the fold cannot go on. */
  async #fetch({ command, seq }: Entry): Promise<boolean> {
    await this.#checkHandOver(command, seq);
    const digest = blobNamedIn(command);
    if (digest === undefined) return true;
    try {
      const bytes = await this.#ledger.getBlob(digest);
      await this.#library.fetchFor(command);
      const intact = bytes !== undefined && sha256Of(bytes) === digest && this.#isCanonical(command);
      this.#blobs.assert(intact, `the blob \`${digest}\` of entry ${seq} is not what its digest says`, seq);
      await this.#requireHandle(command, seq);
      return true;
    } catch (error) {
      this.#blobs.fail(noteOf(error), seq);
      this.#stopped = true;
      this.#decisions.fail(`entry ${seq} and all after it could not be decided again without that blob`, seq);
      return false;
    }
  }

  /** What engines were handed, and what was read back of them: no decision rests on it, and it has to be there. */
  async #checkHandOver(command: Command, seq: number): Promise<void> {
    if (command.kind !== 'bind' && command.kind !== 'report-binding') return;
    const fault = await handOverFault(this.#ledger, command);
    this.#blobs.assert(fault === undefined, `entry ${seq}: ${fault ?? ''}`, seq);
  }

  /** Whether a plan is stored in the one form that it has, so that no other reader finds another plan in the bytes. */
  #isCanonical(command: Command): boolean {
    const digest = planNamedIn(command);
    return digest === undefined || sha256Of(canonicalJson(this.#library.plan(digest))) === digest;
  }

  /** Rule packs of another version are decided by as they were recorded; without them nothing can be said. */
  async #fetchPacks({ inputs, seq }: Entry): Promise<void> {
    try {
      await this.#library.fetchPacks(inputs.policy);
    } catch (error) {
      this.#blobs.fail(noteOf(error), seq);
    }
  }

  async #requireHandle(command: Command, seq: number): Promise<void> {
    const digest = planNamedIn(command);
    if (digest === undefined || !('plan' in command) || command.plan === undefined) return;
    const found = await this.#ledger.findPlan(command.plan);
    if (planIdOf(digest) !== command.plan || found !== digest)
      this.#blobs.fail(`the handle \`${command.plan}\` of entry ${seq} names another plan`, seq);
  }

  #decideAgain(entry: Entry): void {
    const { atMs, command, inputs } = entry;
    const packs = this.#library.packs(inputs.policy);
    if (inputs.core !== coreVersion || packs === undefined) {
      this.#audit(entry, verdictFor(this.#state, demandOf(command, this.#library, this.#state), atMs));
      return;
    }
    try {
      const { actor } = entry;
      const archive = this.#library;
      const verdict = verdictFor(this.#state, demandOf(command, archive, this.#state), atMs, packs);
      // Leases have lapsed for whoever decided; what the rules looked at was that.
      const by = actingOn(lapse(this.#state, atMs), { actor, command, atMs, archive, packs });
      const sealed = sealedIn(command, packs, this.#state.authority);
      const given = {
        atMs,
        verdict,
        archive,
        by,
        ...(sealed === undefined ? {} : { sealed }),
        ...archive.measured(command),
      };
      const again = decide(this.#state, given, command);
      const found = canonicalJson([again.decision, again.events, entryInputs(this.#state, verdict)]);
      this.#decisions.assert(
        found === canonicalJson([entry.decision, entry.events, entry.inputs]),
        `entry ${entry.seq} was recorded as ${textOf(entry.decision)} but comes out as ${textOf(again.decision)}`,
        entry.seq,
      );
    } catch (error) {
      this.#decisions.fail(`entry ${entry.seq} cannot be decided again: ${noteOf(error)}`, entry.seq);
    }
  }

  #audit(entry: Entry, verdict: PolicyVerdict): void {
    const fault = faultElsewhen(this.#state, entry, { verdict, library: this.#library });
    if (fault === undefined) this.#decisions.audit();
    else this.#decisions.fail(fault, entry.seq);
  }

  #fold(entry: Entry): void {
    for (const event of entry.events)
      if (event.kind === 'contract-granted' || event.kind === 'contract-changed')
        this.#grantSeqs.set(event.contract, entry.seq);
    try {
      this.#state = applyAll(this.#state, entry.events, stampOf(entry), this.#library);
    } catch (error) {
      this.#decisions.fail(`entry ${entry.seq} cannot follow: ${noteOf(error)}`, entry.seq);
      this.#stopped = true;
    }
  }

  async #placeAgain(): Promise<void> {
    const { seq } = this.#state;
    for (const { digest, commitSeq } of this.#plansBySeq.get(seq) ?? []) {
      try {
        const made = await this.#library.fetchPlan(digest);
        const packs = this.#library.packs(made.inputs.policy);
        if (made.inputs.core !== coreVersion || packs === undefined) this.#plans.skip();
        else
          this.#comparePlan(made, verdictFor(this.#state, made.demand, made.plannedAtMs, packs), {
            digest,
            commitSeq,
          });
      } catch (error) {
        if (!(error instanceof BerthError)) throw error;
        this.#blobs.fail(error.message, commitSeq);
      }
    }
    this.#plansBySeq.delete(seq);
  }

  #comparePlan(
    made: Plan,
    verdict: PolicyVerdict,
    { digest, commitSeq }: { readonly digest: Digest; readonly commitSeq: number },
  ): void {
    const again = this.#planAgain(made, verdict);
    const isSame = again?.kind === 'planned' && again.digest === digest;
    this.#madeAgain.set(digest, isSame);
    this.#plans.assert(
      isSame,
      `the plan \`${digest}\` is not what the state at entry ${this.#state.seq} gives`,
      commitSeq,
    );
  }

  /** Nothing where a plan names a contract that was not there: then nobody made it here. */
  #planAgain(made: Plan, verdict: PolicyVerdict): PlanAnswer | undefined {
    const { plannedAtMs: atMs, assumptions, template } = made;
    try {
      return replan(this.#state, { atMs, verdict, assumptions, template }, made);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** Lays the intervals of every device side by side. Looks at contracts only, at neither calendar nor check. */
  #comparePlacements(): void {
    const byDevice = new Map<string, { startMs: number; endMs: number; contract: ContractId }[]>();
    const byGpu = new Map<string, GpuClaim[]>();
    for (const contract of this.#state.contracts) {
      for (const { holding, untilMs } of tenuresOf(contract)) {
        const { startMs, endMs = Infinity } = holding.placement;
        const seats = seatsOf(holding.placement);
        const span = { startMs, endMs: Math.min(endMs, untilMs), contract: contract.id };
        if (span.endMs <= span.startMs) continue;
        for (const device of seats.flatMap(devicesOf))
          byDevice.set(device, [...(byDevice.get(device) ?? []), span]);
        for (const [gpu, claim] of seats.flatMap((member) => claimsOf(member, span)))
          byGpu.set(gpu, [...(byGpu.get(gpu) ?? []), claim]);
      }
    }
    this.#compareSlices(byGpu);
    for (const [device, spans] of byDevice) {
      const ordered = spans.toSorted((a, b) => a.startMs - b.startMs);
      const at = ordered.findIndex((span, index) => (ordered[index + 1]?.startMs ?? Infinity) < span.endMs);
      const clash = ordered.slice(at, at + 2).map(({ contract }) => contract);
      if (at < 0) this.#placements.pass();
      else
        this.#placements.fail(
          `\`${device}\` is promised twice, in ${clash.join(' and ')}`,
          Math.max(...clash.map((contract) => this.#grantSeqs.get(contract) ?? 0)),
        );
    }
  }

  #compareSlices(byGpu: ReadonlyMap<string, readonly GpuClaim[]>): void {
    for (const [gpu, claims] of byGpu) {
      if (claims.every(({ slice }) => slice === undefined)) continue;
      const parent = parentOf(Path.parse(gpu));
      const node = parent === undefined ? undefined : this.#state.fleet.nodeById.get(parent);
      const clash = slicesClash(claims, node);
      if (clash === undefined) this.#placements.pass();
      else
        this.#placements.fail(
          `\`${gpu}\` cannot keep the slices of ${clash.join(' and ')}`,
          Math.max(...clash.map((contract) => this.#grantSeqs.get(contract) ?? 0)),
        );
    }
  }
}

/** A decision in a few words; what was refused, with its kind. */
function textOf(decision: Decision): string {
  return decision.kind === 'refused' ? `refused (${decision.refusal.kind})` : decision.kind;
}

function devicesOf(member: Member): string[] {
  return [
    ...member.gpus.map((gpu) => `${member.node}/gpu${gpu}`),
    ...member.nics.map((nic) => `${member.node}/nic${nic}`),
  ];
}

async function committedPlans(ledger: Ledger, untilMs: number): Promise<ReadonlyMap<Digest, number>> {
  const plans = new Map<Digest, number>();
  for await (const { command, seq, atMs } of entriesOf(ledger)) {
    if (atMs > untilMs) break;
    const digest = planNamedIn(command);
    if (digest !== undefined && !plans.has(digest)) plans.set(digest, seq);
  }
  return plans;
}

function noteOf(error: unknown): string {
  if (error instanceof BerthError) return error.message;
  return error instanceof Error ? error.message : 'unknown error';
}

/** The large thing without which a command cannot be decided again. */
function blobNamedIn(command: Command): Digest | undefined {
  if (command.kind === 'record-observation') return command.observation;
  return command.kind === 'observe-contract' ? command.measurement : planNamedIn(command);
}
