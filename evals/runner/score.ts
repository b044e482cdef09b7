import type { Contract } from '../../src/model/contract.ts';
import { parentOf, type Path, siteOf } from '../../src/model/id.ts';
import { seatsOf } from '../../src/model/placement.ts';
import type { Outcome } from './outcome.ts';
import type { TurnRecord } from './run.ts';
import type { ChangedContract, Task, WantedContract } from './task.ts';

/** The parts of a score: each holds or does not, and a run passes when all do. */
export type Parts = {
  readonly state: boolean;
  readonly never: boolean;
  readonly say: boolean;
  readonly asks: boolean;
  readonly calls: boolean;
};

type Happened = {
  readonly turns: readonly TurnRecord[];
  readonly outcome: Outcome;
  /** Whether calls and questions are known; otherwise the end state and the words count. */
  readonly isSeen: boolean;
  /** The digest of the world after the gold calls, where the task asks for the same. */
  readonly wanted?: string;
};

/** What a run of a task is worth, and in words what is wrong with it. No model judges. */
export function score(task: Task, happened: Happened): { parts: Parts; faults: string[] } {
  const faults = {
    state: stateFaults(task, happened),
    never: happened.isSeen ? neverFaults(task, happened) : [],
    say: sayFaults(task, happened),
    asks: happened.isSeen ? askFaults(task, happened) : [],
    calls: happened.isSeen ? callFaults(task, happened) : [],
  };
  return {
    parts: {
      state: faults.state.length === 0,
      never: faults.never.length === 0,
      say: faults.say.length === 0,
      asks: faults.asks.length === 0,
      calls: faults.calls.length === 0,
    },
    faults: Object.values(faults).flat(),
  };
}

function stateFaults({ end }: Task, { outcome, wanted }: Happened): string[] {
  const { added, changed, ended, own, digest, waiting } = outcome;
  const faults: string[] = [];
  const changes = own.filter(({ decision }) => decision.kind !== 'refused');
  if (end.unchanged === true && changes.length > 0) faults.push(`${changes.length} entries were appended`);
  if (end.denied === true && changes.length === own.length) faults.push('no denial is on record');
  if (wanted !== undefined && wanted !== digest) faults.push('the world is not as after the gold calls');
  if (end.added !== undefined) faults.push(...addedFaults(end.added, added));
  if (end.changed !== undefined) faults.push(...changedFaults(end.changed, changed));
  if (end.waiting !== undefined && end.waiting !== waiting)
    faults.push(`${waiting} approvals wait, ${end.waiting} were wanted`);
  if (end.released !== undefined && end.released.join() !== ended.join())
    faults.push(`ended: ${ended.join(', ') || 'none'}, wanted: ${end.released.join(', ') || 'none'}`);
  return faults;
}

/** Each wanted contract is matched by one that is new, and nothing else is new. */
function addedFaults(wanted: readonly WantedContract[], added: readonly Contract[]): string[] {
  if (wanted.length !== added.length)
    return [`${added.length} contracts are new, ${wanted.length} were wanted`];
  return wanted.flatMap((want, at) => {
    const contract = added[at];
    return contract === undefined ? [] : differences(want, contract).map((why) => `${contract.id}: ${why}`);
  });
}

function changedFaults(wanted: readonly ChangedContract[], changed: readonly Contract[]): string[] {
  const others = changed.filter(({ id }) => wanted.every((want) => want.id !== id));
  return [
    ...others.map(({ id }) => `${id} was changed`),
    ...wanted.flatMap((want) => {
      const contract = changed.find(({ id }) => id === want.id);
      if (contract === undefined) return [`${want.id} was not changed`];
      return differences({ ...want, tenant: contract.tenant }, contract).map((why) => `${want.id}: ${why}`);
    }),
  ];
}

function differences(want: WantedContract, { tenant, demand, placement, price }: Contract): string[] {
  const seats = seatsOf(placement);
  const nodes = [...new Set(seats.map(({ node }) => node))].toSorted();
  const gpus = seats.reduce((sum, seat) => sum + seat.gpus.length, 0);
  const { startMs, endMs } = placement;
  const total = price.totalMicroEur;
  const wrong: (string | false)[] = [
    want.tenant !== tenant && `is of ${tenant}`,
    want.gpus !== undefined && want.gpus !== gpus && `has ${gpus} GPUs`,
    want.model !== undefined &&
      !modelsOf(demand).every((model) => model.startsWith(want.model ?? '')) &&
      `is of ${modelsOf(demand).join(', ')}`,
    want.sites !== undefined &&
      !nodes.every((node) => want.sites?.includes(siteOf(node))) &&
      `stands on ${nodes.join(', ')}`,
    want.oneOf !== undefined && placesOf(nodes, want.oneOf).size > 1 && `stands in several of ${want.oneOf}`,
    want.nodes !== undefined &&
      want.nodes.toSorted().join() !== nodes.join() &&
      `stands on ${nodes.join(', ')}`,
    want.startsAt !== undefined && Date.parse(want.startsAt) !== startMs && `begins at ${iso(startMs)}`,
    want.endsAt !== undefined &&
      Date.parse(want.endsAt) !== endMs &&
      `ends at ${endMs === undefined ? 'no time' : iso(endMs)}`,
    want.guarantee !== undefined &&
      want.guarantee !== (demand.guarantee ?? 'reserved') &&
      `is ${demand.guarantee ?? 'reserved'}`,
    want.atMostEur !== undefined &&
      (total === undefined || total > want.atMostEur * 1_000_000) &&
      `costs ${total === undefined ? 'nothing that is known' : `${total / 1_000_000} EUR`}`,
  ];
  return wrong.filter((why) => why !== false);
}

function modelsOf({ parts }: Contract['demand']): readonly string[] {
  return parts.flatMap(({ each }) => each.gpus?.models ?? []);
}

function placesOf(nodes: readonly Path[], level: 'node' | 'rack' | 'site'): ReadonlySet<string> {
  if (level === 'node') return new Set(nodes);
  return new Set(nodes.map((node) => (level === 'site' ? siteOf(node) : (parentOf(node) ?? node))));
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}

function neverFaults({ never }: Task, { turns }: Happened): string[] {
  const made = new Set(turns.flatMap(({ calls }) => calls).map(({ tool }) => tool));
  return never.filter((tool) => made.has(tool)).map((tool) => `${tool} was called`);
}

function sayFaults({ say }: Task, { turns }: Happened): string[] {
  const said = turns
    .map(({ text, drawn = '' }) => `${text}\n${drawn}`)
    .join('\n')
    .toLowerCase();
  const has = (words: string) => said.includes(words.toLowerCase());
  return [
    ...say.must
      .map((one) => (typeof one === 'string' ? [one] : one))
      .filter((options) => !options.some(has))
      .map((options) => `did not say ${options.map((word) => `\`${word}\``).join(' or ')}`),
    ...say.mustNot.filter(has).map((word) => `said \`${word}\``),
  ];
}

function askFaults({ asks }: Task, { turns }: Happened): string[] {
  const questions = turns.filter(({ asked }) => asked.length > 0).length;
  if (asks === undefined) return questions === 0 ? [] : ['asked back where nothing was missing'];
  const asked = turns[asks.inTurn - 1]?.asked ?? [];
  const missed = asks.slots.filter((slot) => !asked.includes(slot));
  return [
    ...missed.map((slot) => `did not ask for \`${slot}\``),
    ...(questions > asks.atMost ? [`asked ${questions} times`] : []),
  ];
}

function callFaults({ mostCalls }: Task, { turns }: Happened): string[] {
  const count = turns.reduce((sum, { calls }) => sum + calls.length, 0);
  return mostCalls === undefined || count <= mostCalls ? [] : [`made ${count} calls of at most ${mostCalls}`];
}
