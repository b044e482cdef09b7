import { exitCodeOf } from '../../chat/exit-code.ts';
import type { BindingDone, BindingPlan, BindingTrial } from '../../model/binding-view.ts';
import { Subject } from '../../model/binding.ts';
import { BerthError } from '../../model/error.ts';
import { cleanText } from '../../model/text.ts';
import { refusalCode } from '../answer-code.ts';
import type { Io } from '../io.ts';
import { engineNamed } from '../live/engines.ts';
import { print } from '../output.ts';
import { printFiles } from '../print-files.ts';
import { type Session, withSession } from '../session.ts';
import type { Common } from '../words.ts';

export type BindOptions = Common & {
  /** A name, or `site=name` for each site. */
  readonly engine?: readonly string[];
  readonly option?: readonly string[];
  readonly within?: readonly string[];
  /** `server`: the engine judges the objects too. */
  readonly dryRun?: boolean | string;
  readonly apply?: boolean;
  readonly due?: boolean;
};

/** Shows what an engine is to hold, asks what that would change, or hands it over. */
export async function bind(io: Io, word: string | undefined, given: BindOptions): Promise<number> {
  const { subject, options } = untangled(word, given);
  requireSense(subject, options);
  return withSession(io, { ...options, client: 'berth-cli' }, async (session) => {
    if (options.apply === true && session.clock.kind === 'set') throw setClock();
    if (subject === undefined) return bindDue(io, session, options);
    return bindOne(io, session, { subject: subjectOf(subject), options });
  });
}

/** `--dry-run C-106` has the contract where the word `server` may stand. */
function untangled(
  subject: string | undefined,
  options: BindOptions,
): { readonly subject: string | undefined; readonly options: BindOptions } {
  const { dryRun } = options;
  if (subject !== undefined || typeof dryRun !== 'string' || dryRun === 'server') return { subject, options };
  return { subject: dryRun, options: { ...options, dryRun: true } };
}

/**
 * By the engine that was named; else by those that run its sites, each with its part of it. The worst code counts. Where
 * one cannot be handed its part, the others are before that is said.
 */
async function bindOne(io: Io, session: Session, asked: Asked): Promise<number> {
  const shares = await sharesFor(session, asked);
  const isOneObject = asked.options.json === true && shares.length > 1;
  const objects: string[] = [];
  const own: Io = isOneObject ? { ...io, stdout: { write: (text) => objects.push(text.trim()) } } : io;
  const codes: number[] = [];
  const failures: BerthError[] = [];
  for (const share of shares) {
    const { option: _option, ...rest } = asked.options;
    const said = ownOptions(asked.options.option, share, shares);
    const options = said === undefined ? rest : { ...rest, option: said };
    const code = await orFailure(bindShare(own, session, { ...asked, options, share }));
    if (code instanceof BerthError) failures.push(code);
    else codes.push(code);
  }
  if (isOneObject && objects.length > 0) io.stdout.write(`{"bindings":[${objects.join(',')}]}\n`);
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  return Math.max(0, ...codes);
}

/** What came of it, or what could not be done about it; bugs throw. */
async function orFailure<T>(work: Promise<T>): Promise<T | BerthError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof BerthError) return error;
    throw error;
  }
}

type Asked = { readonly subject: Subject; readonly options: BindOptions };
type Share = { readonly engine: string; readonly places: readonly string[] };

async function bindShare(
  io: Io,
  { control, caller }: Session,
  { subject, options, share: { engine, places } }: Asked & { readonly share: Share },
): Promise<number> {
  const { compiler, open } = engineNamed(engine);
  const wish = {
    subject,
    ...(options.option === undefined ? {} : { options: pairsOf(options.option) }),
    ...(places.length === 0 ? {} : { places }),
  };
  if (options.apply === true) return showDone(io, options.json, await control.bind(caller, wish, open(io)));
  if (options.dryRun !== undefined) {
    const server = options.dryRun === 'server';
    return showTrial(io, options.json, await control.tryBinding(caller, { ...wish, server }, open(io)));
  }
  const plan = await control.planBinding(caller, wish, compiler);
  print(io, options.json, { kind: 'text', lines: planLines(plan) }, plan);
  if (options.json !== true) printFiles(io, plan.files);
  return 0;
}

/** The engine that was asked for, else those that its sites are run by, and those that had it and have to let it go. */
async function sharesFor(
  { control, caller }: Session,
  { subject, options }: Asked,
): Promise<readonly Share[]> {
  const { engine: named = [], within = [] } = options;
  const said = sharesSaid(named, within);
  if (said.length > 0) return said;
  const { bindings } = await control.bindings(caller);
  const before = bindings.filter((binding) => binding.subject === subject && binding.state !== 'taken-away');
  const now = await control.engineShares(caller, subject);
  const shares = now.kind === 'known' ? now.shares : before;
  if (now.kind === 'unsaid' && shares.length === 0) throw nobodyRuns(subject, now.sites);
  if (shares.length > 1 && within.length > 0)
    throw senseless('`--within` goes with one engine', 'name it: `--engine slurm`');
  const left = before.filter((binding) => !shares.some((share) => share.engine === binding.engine));
  return [...shares, ...left].map((share) => ({
    engine: share.engine,
    places: within.length > 0 ? within : share.places,
  }));
}

/** `slurm`, or `fra1=slurm` and `iad3=kubernetes:edge`: sites of one engine are one share. */
function sharesSaid(named: readonly string[], within: readonly string[]): readonly Share[] {
  const pairs = named.map((word) => {
    const at = word.indexOf('=');
    return at < 0 ? { engine: word } : { engine: word.slice(at + 1), site: word.slice(0, at) };
  });
  const [first] = pairs;
  if (first === undefined) return [];
  if (pairs.length === 1 && first.site === undefined) return [{ engine: first.engine, places: within }];
  if (within.length > 0 || pairs.some(({ site }) => site === undefined))
    throw senseless(
      'several engines are named, not all of them with their sites alone',
      'write `--engine fra1=slurm --engine iad3=kubernetes`, without `--within`',
    );
  return [...Map.groupBy(pairs, ({ engine }) => engine)].map(([engine, own]) => ({
    engine,
    places: own.flatMap(({ site }) => site ?? []),
  }));
}

function nobodyRuns(subject: Subject, sites: readonly string[]): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: `which engine ${subject} goes to is not said, and nobody recorded one of ${sites.join(', ')}`,
    fix: 'name it: `--engine slurm`; or record it: `engine: slurm` of the site, in an inventory file',
    field: '--engine',
  });
}

/** `slurm:accounts=acme` is for slurm alone. Where several engines are spoken to, each option says for which it is. */
function ownOptions(
  words: readonly string[] | undefined,
  { engine }: Share,
  shares: readonly Share[],
): readonly string[] | undefined {
  // The longest first: `kubernetes:edge:queue=kai` is for the cluster of that context, not for `kubernetes`.
  const names = [...new Set(shares.map((share) => share.engine))].toSorted((a, b) => b.length - a.length);
  const own = words?.flatMap((word) => {
    const name = names.find((one) => word.startsWith(`${one}:`));
    if (name !== undefined) return name === engine ? [word.slice(name.length + 1)] : [];
    if (names.length === 1) return [word];
    throw senseless(
      `\`${cleanText(word, 60)}\` does not say which engine it is for`,
      `write \`--option ${engine}:${cleanText(word, 60)}\``,
    );
  });
  return own === undefined || own.length === 0 ? undefined : own;
}

/** All that is due, one after the other: what fails is reported and tried again later, and stops nothing else. */
async function bindDue(io: Io, { control, caller }: Session, options: BindOptions): Promise<number> {
  const { bindings } = await control.bindings(caller);
  const due = bindings.filter((binding) => binding.due !== undefined);
  const done: BindingDone[] = [];
  const failed: { subject: Subject; engine: string; message: string; fix: string }[] = [];
  const lines: string[] = [];
  for (const { subject, engine, due: why } of due) {
    const one = await orFailure(control.bind(caller, { subject }, engineNamed(engine).open(io)));
    if (one instanceof BerthError)
      failed.push({ subject, engine, message: one.message, fix: one.detail.fix });
    else done.push(one);
    const said = one instanceof BerthError ? [`${engine}: ${one.message}`, one.detail.fix] : doneLines(one);
    lines.push(`${subject} (${why ?? ''})`, ...said.map((line) => `  ${line}`));
  }
  const shown = lines.length === 0 ? ['nothing is due'] : lines;
  print(
    io,
    options.json,
    { kind: 'text', lines: shown },
    { done, ...(failed.length === 0 ? {} : { failed }) },
  );
  return failed.length === 0 && done.every(isKept) ? 0 : exitCodeOf({ outcome: 'infeasible' });
}

function showTrial(io: Io, json: boolean | undefined, trial: BindingTrial): number {
  const { answers, probe, steps, judged = [] } = trial;
  const found = answers ? [probe] : [`${trial.engine} does not answer: ${probe}`];
  const todo = steps.length === 0 ? ['nothing to do: it stands there as wanted'] : steps;
  const said = judged.map(
    ({ key, answer, why }) => `${key}: ${answer}${why === undefined ? '' : `, ${why}`}`,
  );
  const lines = [...planLines(trial), ...found, ...(answers ? [...todo, ...said] : [])];
  print(io, json, { kind: 'text', lines }, trial);
  if (judged.some(({ answer }) => answer !== 'accepted')) return exitCodeOf({ outcome: 'infeasible' });
  return answers ? 0 : exitCodeOf({ outcome: 'error' });
}

function showDone(io: Io, json: boolean | undefined, done: BindingDone): number {
  if (done.refusal !== undefined) {
    print(io, json, { kind: 'refusal', refusal: done.refusal }, done);
    return refusalCode(done.refusal);
  }
  print(io, json, { kind: 'text', lines: doneLines(done) }, done);
  return isKept(done) ? 0 : exitCodeOf({ outcome: 'infeasible' });
}

function isKept({ account, refusal }: BindingDone): boolean {
  return refusal === undefined && account?.result === 'kept';
}

function planLines({ subject, version, engine, objects, notes }: BindingPlan): readonly string[] {
  const what = objects.length === 0 ? 'nothing any more: it has ended' : objects.join(', ');
  return [`${subject} (version ${version}) in ${engine}: ${what}`, ...notes.map((note) => `note: ${note}`)];
}

function doneLines(done: BindingDone): readonly string[] {
  const { subject, engine, account, refusal, attempts = 0, nextAt, entry, isRecorded, notes } = done;
  if (refusal !== undefined) return [refusal.summary];
  const steps = (account?.steps ?? []).map(({ act, key, answer, why }) => {
    return `${act} ${key}: ${answer}${why === undefined ? '' : `, ${why}`}`;
  });
  const next =
    nextAt === undefined
      ? []
      : [`tried ${attempts} times, again from ${nextAt}: \`berth bind --due --apply\``];
  const recorded = isRecorded ? [`ledger entry ${entry?.seq ?? 0}`] : ['nothing new: nothing was recorded'];
  return [
    ...steps,
    ...(account?.differences ?? []).map((difference) => `differs: ${difference}`),
    `${engine} ${resultWords[account?.result ?? 'unreachable']} ${subject}`,
    ...notes.map((note) => `note: ${note}`),
    ...next,
    ...recorded,
  ];
}

const resultWords = {
  kept: 'holds all that is wanted for',
  differs: 'does not hold what is wanted for',
  refused: 'refused what is wanted for',
  unreachable: 'was not reached about',
  unreadable: 'answered what cannot be read about',
} as const;

function subjectOf(text: string): Subject {
  const parsed = Subject.safeParse(text.toUpperCase());
  if (parsed.success) return parsed.data;
  throw new BerthError({
    code: 'INVALID_INPUT',
    message: `\`${cleanText(text, 40)}\` is neither a contract nor a maintenance window`,
    fix: 'write an id such as `C-106` or `MW-1`',
  });
}

function pairsOf(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at > 0) return [word.slice(0, at), word.slice(at + 1)];
      throw new BerthError({
        code: 'INVALID_INPUT',
        message: `\`${cleanText(word, 60)}\` is no option`,
        fix: 'write `--option name=value`, such as `--option accounts=acme`',
        field: '--option',
      });
    }),
  );
}

function requireSense(subject: string | undefined, { due, apply, dryRun }: BindOptions): void {
  if (due === true && (subject !== undefined || apply !== true))
    throw senseless('`--due` goes with `--apply` and without a subject', 'write `berth bind --due --apply`');
  if (due !== true && subject === undefined)
    throw senseless('nothing is named', 'name a contract: `berth bind C-106 --engine slurm`');
  if (typeof dryRun === 'string' && dryRun !== 'server')
    throw senseless(`\`${cleanText(dryRun, 40)}\` is no dry run`, 'write `--dry-run` or `--dry-run=server`');
  if (apply === true && dryRun !== undefined)
    throw senseless('`--dry-run` and `--apply` cannot be said together', 'leave one of them out');
}

function senseless(message: string, fix: string): BerthError {
  return new BerthError({ code: 'INVALID_INPUT', message, fix });
}

/** What is decided under a clock that was set is a rehearsal, and a real engine would keep it. */
function setClock(): BerthError {
  return new BerthError({
    code: 'INVALID_INPUT',
    message: 'the clock of this ledger is set, and an engine lives by the real one',
    fix: 'leave `--apply` out to see what would be handed over; apply from a ledger without BERTH_NOW or a demo clock',
    field: '--apply',
  });
}
