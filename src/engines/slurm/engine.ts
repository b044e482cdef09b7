import { EngineName, type EngineObject } from '../../model/binding.ts';
import { cleanText } from '../../model/text.ts';
import type { Answer, Compiler, Engine, Probe, Step } from '../port.ts';
import { type RunProgram, show, tell } from './ask.ts';
import { DrainedNode, FoundNode, FoundReservation, Reservation } from './body.ts';
import { compileSlurm, slurmOptions } from './compile.ts';
import { gapsOf, isDrained, slurmDifferences, startText } from './differences.ts';
import { createArgs, drainArgs, printSlurm } from './print.ts';
import { holdersOf, readSlurm } from './reading.ts';
import { slurmTimeMs } from './time.ts';

/** The pure half: reservations, drained nodes and scripts that submit. */
export const slurmCompiler: Compiler = {
  name: EngineName.parse('slurm'),
  compiler: 'slurm/2',
  title: 'Slurm, by reservations; spoken to with your own scontrol',
  options: slurmOptions,
  compile: compileSlurm,
  differences: slurmDifferences,
  print: printSlurm,
};

/** Slurm as the user's `scontrol` reaches it, with the user's rights: reservations need an operator of Slurm. */
export function slurmEngine(run: RunProgram): Engine {
  return {
    ...slurmCompiler,
    probe: () => probe(run),
    read: (subject) => readSlurm(run, subject),
    apply: (step, atMs) => apply(run, step, atMs),
  };
}

/** GPUs can be reserved where slurmdbd accounts for them. */
async function probe(run: RunProgram): Promise<Probe> {
  const shown = await show(run, ['show', 'config']);
  if (shown.kind !== 'shown') return { answers: false, text: cleanText(shown.why, 300), options: {} };
  const of = (name: string) => new RegExp(`^${name}\\s*= *(.*)$`, 'mu').exec(shown.text)?.[1]?.trim() ?? '';
  const version = of('SLURM_VERSION');
  const tracked = of('AccountingStorageTRES').split(',');
  const isPerNode = takesPerNode(version);
  const canHoldGpus = isPerNode && tracked.includes('gres/gpu');
  const gpus = canHoldGpus
    ? 'it can reserve GPUs'
    : `it cannot reserve GPUs (${isPerNode ? 'gres/gpu is not in AccountingStorageTRES' : 'Berth does so from 23.11.6 on'})`;
  return {
    answers: true,
    text: cleanText(`Slurm ${version}, cluster ${of('ClusterName')}; ${gpus}`, 300),
    options: { ...(isPerNode ? { 'per-node': 'yes' } : {}), ...(canHoldGpus ? { gpus: 'tres' } : {}) },
  };
}

/**
 * From 23.11.6 on: earlier ones of 23.11 crash on `TRESPerNode` and do not reserve GPUs whose gres.conf names no cores.
 * Source: CHANGELOG/slurm-23.11.md of Slurm.
 */
function takesPerNode(version: string): boolean {
  const [, year = '0', month = '0', patch = '0'] =
    /^(\d{1,3})\.(\d{1,2})(?:\.(\d{1,3}))?/u.exec(version) ?? [];
  return Number(year) * 100_000 + Number(month) * 1000 + Number(patch) >= 2_311_006;
}

async function apply(run: RunProgram, step: Step, atMs: number): Promise<Answer> {
  switch (step.act) {
    case 'create':
      return create(run, step.wanted, atMs);
    case 'change':
      return change(run, step, atMs);
    case 'remove':
      return remove(run, step.found);
    default:
      return step satisfies never;
  }
}

async function create(run: RunProgram, wanted: EngineObject, atMs: number): Promise<Answer> {
  const reservation = Reservation.safeParse(wanted.body);
  // Nodes are never made: one that is not listed is not known.
  if (!reservation.success) return { kind: 'refused', why: `Slurm does not know ${wanted.key}` };
  return withHolders(run, reservation.data, await make(run, reservation.data, atMs));
}

/** A start that passes on the way to Slurm is now. */
async function make(run: RunProgram, wanted: Reservation, atMs: number): Promise<Answer> {
  const start = startText(wanted.start, atMs);
  const answer = await tell(run, createArgs(wanted, start));
  const isLate = answer.kind === 'refused' && saysPassed.test(answer.why) && isAlmost(wanted.start, atMs);
  return isLate && start !== 'now' ? tell(run, createArgs(wanted, 'now')) : answer;
}

/** As Slurm refuses a time that lies behind it: `Invalid time specified`, `Start time is in the past`. */
const saysPassed = /invalid time|in the past/iu;

/** A call of scontrol takes this long at most before it counts as unanswered. */
const onTheWayMs = 60_000;

function isAlmost(start: string, atMs: number): boolean {
  return (slurmTimeMs(start) ?? Infinity) <= atMs + onTheWayMs;
}

/** Says who is in the way where Slurm only says that somebody is. */
async function withHolders(run: RunProgram, { name, nodes }: Reservation, answer: Answer): Promise<Answer> {
  if (answer.kind !== 'refused' || !/overlap|not available|busy/iu.test(answer.why)) return answer;
  const holders = (await holdersOf(run, nodes)).filter((holder) => holder !== name);
  return holders.length === 0
    ? answer
    : { kind: 'refused', why: cleanText(`${answer.why}; on these nodes: ${holders.join(', ')}`, 300) };
}

async function change(
  run: RunProgram,
  step: Extract<Step, { act: 'change' }>,
  atMs: number,
): Promise<Answer> {
  const node = DrainedNode.safeParse(step.wanted.body);
  if (node.success) return tell(run, drainArgs(node.data));
  const wanted = Reservation.parse(step.wanted.body);
  const gaps = gapsOf(wanted, FoundReservation.parse(step.found.body), atMs);
  // What is wrong with its nodes is not Berth's to mend: it stays a difference, and is reported.
  if (gaps.length === 0) return { kind: 'done' };
  if (gaps.some(({ update }) => update === undefined)) return makeAnew(run, wanted, atMs);
  const updates = gaps.flatMap(({ update = [] }) => update);
  const answer = await tell(run, ['update', `ReservationName=${wanted.name}`, ...updates]);
  return withHolders(run, wanted, answer);
}

/** Slurm cannot change it in place. Stopped in between it is missing, and the next attempt makes it. */
async function makeAnew(run: RunProgram, wanted: Reservation, atMs: number): Promise<Answer> {
  const gone = await tell(run, ['delete', `ReservationName=${wanted.name}`]);
  return gone.kind === 'done' ? withHolders(run, wanted, await make(run, wanted, atMs)) : gone;
}

/** Jobs are never ended: Slurm refuses to delete a reservation that they run in, and that is the answer. */
async function remove(run: RunProgram, found: EngineObject): Promise<Answer> {
  const reservation = FoundReservation.safeParse(found.body);
  if (reservation.success) return tell(run, ['delete', `ReservationName=${reservation.data.name}`]);
  const { node, state } = FoundNode.parse(found.body);
  return isDrained(state) ? tell(run, ['update', `NodeName=${node}`, 'State=RESUME']) : { kind: 'done' };
}
