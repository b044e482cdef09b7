import { attemptLimit, type Binding } from '../core/binding/binding.ts';
import {
  bindingOf,
  boundContract,
  boundWindow,
  dueBindings,
  standingOfSubject,
  turnedOver,
} from '../core/binding/subject.ts';
import { type Attempt, converge, stepsBetween, stepText } from '../engines/converge.ts';
import type { Compiled, Compiler, Engine, EngineOptions, EngineSubject, Rehearsed } from '../engines/port.ts';
import type {
  EngineShares,
  BindingDone,
  BindingList,
  BindingPlan,
  BindingTrial,
} from '../model/binding-view.ts';
import { type BindingAccount, HandOver, type Subject } from '../model/binding.ts';
import { digestOf } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import { BerthError } from '../model/error.ts';
import { type Digest, IdemKey, type Path, siteOf, type TenantId } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import { cleanText, compareText } from '../model/text.ts';
import { mayActFor, requireOperator } from './caller.ts';
import { contractFor } from './contracts.ts';
import type { Caller } from './control.ts';
import type { Door, Passed } from './door.ts';
import { engineSubject } from './engine-subject.ts';
import { bytesOf } from './library.ts';
import { requestHash } from './once.ts';
import { placeNamed } from './place-name.ts';
import { bindingView } from './views/binding-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { type Moment, snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** What is to be handed over, and how. What is left out is as it was when it was handed over last. */
export type BindWish = {
  readonly subject: Subject;
  readonly options?: EngineOptions;
  readonly places?: readonly string[];
};

/** How a trial is made: `server` lets the engine judge the objects too, where it can. */
export type TrialWish = BindWish & { readonly server?: boolean };

/** How often a hand-over that somebody else replaced meanwhile, or that time overtook, is taken up again. */
const roundLimit = 3;

/** What the engine is to hold, as text. Asks no engine and records nothing. */
export async function planBinding(
  door: Door,
  caller: Caller,
  wish: BindWish,
  engine: Compiler,
): Promise<BindingPlan> {
  return planOf(await compiled(door, caller, wish, engine), engine);
}

/** What would be done to the engine as it is now. Only reads, and keeps nothing where the engine is asked to judge. */
export async function tryBinding(
  door: Door,
  caller: Caller,
  { server = false, ...wish }: TrialWish,
  engine: Engine,
): Promise<BindingTrial> {
  if (server && engine.rehearse === undefined) throw noJudge(engine);
  const { answers, text, options } = await engine.probe();
  const made = await compiled(door, caller, { ...wish, told: options }, engine);
  const plan = { ...planOf(made, engine), answers, probe: text };
  if (!answers) return { ...plan, steps: [] };
  const { objects, subject: id } = made.handOver;
  const found = await engine.read({ id, keys: objects.map(({ key }) => key) });
  if (found.kind !== 'read') return { ...plan, answers: false, probe: cleanText(found.why, 300), steps: [] };
  const steps = stepsBetween(engine, objects, found.objects, made.moment.nowMs);
  const judged = server ? await engine.rehearse?.(objects, made.moment.nowMs) : undefined;
  return {
    ...plan,
    steps: steps.map(stepText),
    ...(judged === undefined ? {} : { judged: judged.map(judgement) }),
  };
}

function judgement({ key, answer }: Rehearsed): NonNullable<BindingTrial['judged']>[number] {
  return answer.kind === 'done'
    ? { key, answer: 'accepted' }
    : { key, answer: answer.kind, why: cleanText(answer.why, 300) };
}

function noJudge({ name }: Engine): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `${name} cannot be asked what it would say`,
    fix: 'leave `server` out: `--dry-run` shows what would be done to it',
    field: '--dry-run',
  });
}

/**
 * Records what the engine is to hold, does it, reads back and records what came of it. The ledger alone knows how far
 * this got: begun again after any step, here or in another process, it comes to the same end and does nothing twice.
 */
export async function bind(door: Door, caller: Caller, wish: BindWish, engine: Engine): Promise<BindingDone> {
  requireOperator(caller, 'hand contracts to engines');
  const { options } = await engine.probe();
  for (let round = 1; ; round++) {
    const made = await compiled(door, caller, { ...wish, told: options }, engine);
    const { files: _files, ...plan } = planOf(made, engine);
    const begun = await begin(door, caller, made);
    if (begun?.kind === 'refused') return { ...plan, ...refusedBy(begun), isRecorded: false };
    const done = await carryOut(door, caller, { engine, plan, handOver: made.handOver });
    if (round === roundLimit || !(await isOvertaken(door, made))) return done;
  }
}

/** Whether a moment of the contract has passed while it was handed over, at which the engine is to hold something else. */
async function isOvertaken(door: Door, { handOver, moment }: Made): Promise<boolean> {
  const { state, nowMs } = await door.moment();
  return turnedOver(state, handOver.subject, { afterMs: moment.nowMs, atMs: nowMs });
}

/** Everything that engines were handed, as it stands; what is due is said with its reason. */
export async function listBindings(door: Door, caller: Caller): Promise<BindingList> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const due = new Map(dueBindings(state, nowMs).map(({ binding, why }) => [binding, why]));
  const shown = [...state.bindings.values()].filter(({ subject }) => {
    const contract = boundContract(state, subject);
    return contract === undefined || mayActFor(caller, contract.tenant);
  });
  return {
    snapshot: snapshotOf(moment),
    bindings: shown.map((binding) => bindingView(binding, due.get(binding), zoneAt(moment))),
  };
}

/** The engines that a subject goes to, each with its sites, by what is recorded of the sites: of all of them, or it is said of which not. */
export async function engineShares(door: Door, caller: Caller, subject: Subject): Promise<EngineShares> {
  const { state } = await door.moment();
  const contract = boundContract(state, subject);
  const window = boundWindow(state, subject);
  if (contract !== undefined) contractFor(state, caller, contract.id);
  else if (window === undefined) throw unknownSubject(subject);
  const ids = sitesOf(contract, window);
  const engineOf = (id: Path) => state.fleet.sites.find((site) => site.id === id)?.facts.engine;
  const unsaid = ids.filter((id) => engineOf(id) === undefined);
  if (unsaid.length > 0) return { kind: 'unsaid', sites: unsaid };
  const shares = [...Map.groupBy(ids, engineOf)].flatMap(([engine, places]) =>
    engine === undefined ? [] : [{ engine, places }],
  );
  return { kind: 'known', shares };
}

function sitesOf(
  contract: ReturnType<typeof boundContract>,
  window: ReturnType<typeof boundWindow>,
): readonly Path[] {
  const places = contract === undefined ? [] : seatsOf(contract.placement).map(({ node }) => node);
  const all = [...places, ...(window === undefined ? [] : [window.place])];
  return [...new Set(all.map(siteOf))].toSorted(compareText);
}

type Made = {
  readonly handOver: HandOver;
  readonly digest: Digest;
  readonly files: Extract<Compiled, { kind: 'compiled' }>['files'];
  readonly before: Binding | undefined;
  readonly moment: Moment;
};

/** `told` are options that follow from what answers: what people have said, now or earlier, goes before. */
type ToldWish = BindWish & { readonly told?: EngineOptions };

async function compiled(door: Door, caller: Caller, wish: ToldWish, engine: Compiler): Promise<Made> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const { subject } = wish;
  const standing = standingOfSubject(state, subject, nowMs);
  if (standing === undefined) throw unknownSubject(subject);
  const contract = boundContract(state, subject);
  if (contract !== undefined) contractFor(state, caller, contract.id);
  const before = bindingOf(state, { subject, engine: engine.name });
  const earlier = before === undefined ? undefined : await handOverOf(door, before.objects);
  const places = placesOf(moment, wish, earlier);
  const options = { ...wish.told, ...earlier?.options, ...wish.options };
  const found = engineSubject(state, subject, { places, nowMs });
  if (found === undefined && standing.stands && before === undefined) throw notThere(subject, places);
  const made: Compiled =
    found === undefined
      ? { kind: 'compiled', objects: [], notes: [], files: [] }
      : engine.compile(found, options);
  if (made.kind === 'unfit') throw unfit(made);
  const handOver = HandOver.parse({
    schema: 'berth/hand-over/1',
    engine: engine.name,
    compiler: engine.compiler,
    subject,
    version: standing.version,
    places,
    options,
    objects: made.objects.toSorted((a, b) => compareText(a.key, b.key)),
    notes: [...(isStandby(contract, found) ? [standbyNote] : []), ...made.notes],
  });
  return { handOver, digest: digestOf(handOver), files: made.files, before, moment };
}

const standbyNote = 'only spares stand here: they are held ready, and idle until members elsewhere are lost';

/** Whether all that an engine is handed are spares, held for members that stand elsewhere. */
function isStandby(contract: ReturnType<typeof boundContract>, subject: EngineSubject | undefined): boolean {
  if (contract === undefined || subject?.kind !== 'contract') return false;
  const { members } = contract.placement;
  const nodes = new Set(members.map(({ node }) => node));
  return subject.placement.members.every(({ node }) => !nodes.has(node));
}

function placesOf({ state }: Moment, { places }: BindWish, earlier: HandOver | undefined): readonly Path[] {
  if (places === undefined || places.length === 0) return earlier?.places ?? [];
  return [...new Set(places.map((place) => placeNamed(state, place)))].toSorted(compareText);
}

function planOf({ handOver, files, moment }: Made, engine: Compiler): BindingPlan {
  const { subject, version, objects, notes } = handOver;
  return {
    snapshot: snapshotOf(moment),
    subject,
    engine: engine.name,
    version,
    objects: objects.map(({ key }) => key),
    files: [...engine.print(objects), ...files],
    notes,
  };
}

/** Records what is to be held, unless just that stands there already and is being tried. */
async function begin(door: Door, caller: Caller, made: Made): Promise<Passed | undefined> {
  const { handOver, digest, before, moment } = made;
  const { subject, engine, version, places, objects } = handOver;
  const isSame = before?.objects === digest && before.version === version;
  const isStuck = (before?.attempts ?? 0) >= attemptLimit;
  if (isSame && !isStuck) return undefined;
  await keep(door, handOver);
  const objectCount = objects.length;
  const command: Command = {
    kind: 'bind',
    subject,
    engine,
    version,
    objects: digest,
    objectCount,
    places,
  };
  return pass(door, caller, command, moment);
}

type Job = {
  readonly engine: Engine;
  readonly plan: Omit<BindingPlan, 'files'>;
  readonly handOver: HandOver;
};

/** Does it and reports, again where somebody handed over something else meanwhile: the engine holds what came last. */
async function carryOut(door: Door, caller: Caller, job: Job): Promise<BindingDone> {
  let { handOver } = job;
  for (let round = 1; ; round++) {
    const attempt = await converge(job.engine, handOver, () => Math.max(door.clock.nowMs(), 0));
    const done = await report(door, caller, { ...job, handOver }, attempt);
    const isReplaced = done.refusal?.kind === 'binding-refused';
    const { state } = await door.moment();
    const now = bindingOf(state, handOver);
    if (!isReplaced || now === undefined || round === roundLimit) return done;
    handOver = await handOverOf(door, now.objects);
  }
}

async function report(door: Door, caller: Caller, job: Job, attempt: Attempt): Promise<BindingDone> {
  const { handOver, plan } = job;
  const { subject, engine } = handOver;
  const moment = await door.moment();
  const account = await accountOf(door, attempt);
  const before = bindingOf(moment.state, handOver);
  const isNews = before?.last?.result !== 'kept' || account.result !== 'kept' || account.steps.length > 0;
  if (!isNews) return { ...plan, account, isRecorded: false };
  const command: Command = {
    kind: 'report-binding',
    subject,
    engine,
    objects: digestOf(handOver),
    account,
  };
  const passed = await pass(door, caller, command, moment);
  if (passed.kind === 'refused') return { ...plan, account, ...refusedBy(passed), isRecorded: false };
  const { decision, seq, digest } = passed.entry;
  if (decision.kind !== 'binding-reported') throw new Error(`entry ${seq} reports on no binding`);
  const { attempts, nextAtMs } = decision;
  const next = nextAtMs === undefined ? {} : { nextAt: isoIn(nextAtMs, zoneAt(passed.moment)) };
  return { ...plan, account, attempts, ...next, entry: { seq, digest }, isRecorded: true };
}

/** No more of it than an entry can hold; what was read back lies beside it in full. */
async function accountOf(door: Door, attempt: Attempt): Promise<BindingAccount> {
  const { result, steps, differences, found } = attempt;
  return {
    result,
    steps: steps.slice(0, 16),
    stepCount: steps.length,
    differences: differences.slice(0, 16),
    ...(found === undefined ? {} : { found: await keep(door, found) }),
  };
}

async function keep(door: Door, value: unknown): Promise<Digest> {
  return door.ledger.putBlob(bytesOf(value));
}

async function handOverOf(door: Door, digest: Digest): Promise<HandOver> {
  const bytes = await door.ledger.getBlob(digest);
  if (bytes !== undefined) return HandOver.parse(JSON.parse(new TextDecoder().decode(bytes)));
  throw new BerthError({
    code: 'LEDGER_REFUSED',
    message: `the blob \`${digest}\` is missing from the ledger`,
    fix: 'run `berth ledger verify`, and restore the ledger from a copy that passes it',
  });
}

/** Each act is a request of its own, and at another head of the ledger another one. Two who ask the same at once get one entry. */
function pass(
  door: Door,
  caller: Caller,
  command: Extract<Command, { kind: 'bind' | 'report-binding' }>,
  { state, head }: Moment,
): Promise<Passed> {
  const tenant: TenantId | undefined = boundContract(state, command.subject)?.tenant;
  const hash = requestHash(command.kind, command);
  const short = hash.slice('sha256:'.length, 'sha256:'.length + 16);
  const key = IdemKey.parse(`${command.kind}:${command.subject}:${short}:after-${head.seq}`);
  return door.pass(caller, command, { key, tenant, hash });
}

function refusedBy({ decision, moment }: Extract<Passed, { kind: 'refused' }>): Pick<BindingDone, 'refusal'> {
  return { refusal: refusalView(decision.refusal, undefined, zoneAt(moment)) };
}

function zoneAt({ state }: Moment): string {
  return state.fleet.sites[0]?.facts.zone ?? 'UTC';
}

function unknownSubject(subject: Subject): BerthError {
  return new BerthError({
    code: 'NOT_FOUND',
    message: `no contract or maintenance window \`${subject}\``,
    fix: 'list them with `berth contracts` and `berth maintenance`',
  });
}

function notThere(subject: Subject, places: readonly Path[]): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `${subject} has no node in ${places.join(', ')}`,
    fix: '`berth contracts` shows where it stands',
    field: 'within',
  });
}

function unfit({ why, fix }: Extract<Compiled, { kind: 'unfit' }>): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message: why, fix, field: 'option' });
}
