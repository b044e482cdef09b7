import { never } from '../core/calendar/calendar.ts';
import { closedNodes } from '../core/simulate/closure.ts';
import type { Edit } from '../core/simulate/edit.ts';
import { withNodes } from '../core/simulate/fleet-copy.ts';
import type { Growth } from '../core/simulate/growth.ts';
import type { Repricing } from '../core/simulate/prices.ts';
import { type Affected, simulate, type Simulated } from '../core/simulate/simulate.ts';
import type { State } from '../core/state.ts';
import type { FlavorView } from '../model/inventory-view.ts';
import type { ScenarioEdit } from '../model/scenario.ts';
import type { AffectedView, Simulation } from '../model/simulation-view.ts';
import { maySeeContract } from './caller.ts';
import type { Caller } from './control.ts';
import type { Door } from './door.ts';
import { seenBy } from './narrowing.ts';
import { judgeAt } from './ruling.ts';
import { editsOf, type NamedEdit, zoneAt } from './scenario-edits.ts';
import { flavorViews, instant } from './views/inventory-view.ts';
import { slicesOf } from './views/plan-view.ts';
import { refusalView } from './views/refusal-view.ts';
import { snapshotOf } from './views/snapshot.ts';
import { isoIn } from './zone.ts';

/** Plays a scenario on a copy of the state. Shows what becomes of contracts that the caller may see. */
export async function simulateScenario(
  door: Door,
  caller: Caller,
  scenario: { readonly edits: readonly ScenarioEdit[] },
): Promise<Simulation> {
  const moment = await door.moment();
  const { state, nowMs } = moment;
  const named = editsOf({ ...moment, state: seenBy(state, caller) }, caller, scenario.edits);
  const edits = named.map(({ edit }) => edit);
  const done = simulate(state, edits, nowMs, judgeAt(nowMs));
  const zone = zoneAt(state, named.find(({ site }) => site !== undefined)?.site);
  const begins = edits.flatMap((edit) => beginOf(edit));
  const shownMs = Math.max(nowMs, ...begins);
  const seen = done.affected.filter(({ contract }) => maySeeContract(caller, contract));
  return {
    snapshot: snapshotOf(moment, zone),
    edit: named.map(({ words }) => words).join('; '),
    edits: named.map(({ words }, at) => ({ edit: words, did: done.did[at] ?? '' })),
    from: isoIn(begins.length === 0 ? nowMs : Math.min(...begins), zone),
    lostNodes: done.lostNodes,
    lostGpus: done.lostGpus,
    unaffected: done.unaffected,
    affected: done.affected.length,
    contracts: seen.map((affected) => affectedView(affected, zone)),
    growth: done.growth.map((growth) => growthView(growth, zone)),
    prices: done.prices.filter(({ contract }) => maySeeContract(caller, contract)).map(repricingView),
    ...(done.bottleneck === undefined
      ? {}
      : {
          bottleneck: `${done.bottleneck.binding} (${done.bottleneck.count === 1 ? 'once' : `${done.bottleneck.count} times`})`,
        }),
    remaining: left(state, done.state, shownMs),
    remainingAt: isoIn(shownMs, zone),
    hints: hintsOf(named, done),
  };
}

/** When an edit begins to be true; nothing for what has no begin. */
function beginOf(edit: Edit): number[] {
  if (edit.kind === 'add') return [edit.nodes.fromMs];
  return 'fromMs' in edit ? [edit.fromMs] : [];
}

/** What becomes of a contract, for people. */
function affectedView(affected: Affected, zone: string): AffectedView {
  const { contract, fromMs, move, broken, wasMicroEurPerHour, isMicroEurPerHour } = affected;
  const { endMs, members } = contract.placement;
  return {
    contract: contract.id,
    tenant: contract.tenant,
    guarantee: contract.demand.guarantee ?? 'reserved',
    gpuCount: members.reduce((sum, member) => sum + member.gpus.length, 0),
    ...slicesOf(members),
    ...(endMs === undefined ? {} : { until: isoIn(endMs, zone) }),
    from: isoIn(fromMs, zone),
    broken: [...broken],
    ...(wasMicroEurPerHour === undefined ? {} : { wasMicroEurPerHour }),
    ...(isMicroEurPerHour === undefined ? {} : { isMicroEurPerHour }),
    ...moveView(affected, zone, move),
  };
}

function moveView(
  { contract }: Affected,
  zone: string,
  move: Affected['move'],
): Pick<AffectedView, 'outcome' | 'to' | 'why' | 'start' | 'binding'> {
  if (move.kind === 'stuck')
    return { outcome: 'cannot-be-re-placed', to: [], why: move.why, binding: move.binding };
  const before = new Set(contract.placement.members.map(memberKey));
  const moved = move.placement.members.filter((member) => !before.has(memberKey(member)));
  const to = [...new Set((move.how === 'in-part' ? moved : move.placement.members).map(({ node }) => node))];
  if (move.kind === 'moves') return { outcome: 're-placed', to, why: replacedWords[move.how] };
  return { outcome: 'waits', to, why: waits[move.how], start: isoIn(move.placement.startMs, zone) };
}

/** Where a contract goes, for people. */
export const replacedWords = {
  'in-part': 'the members it lost fit elsewhere, the others stay',
  whole: 'fits elsewhere without changing its terms',
  elsewhere: 'fits only outside the places it asked for',
} as const;

const waits = {
  whole: 'fits again only later',
  elsewhere: 'fits again only later, outside the places it asked for',
} as const;

function memberKey({ node, gpus }: { readonly node: string; readonly gpus: readonly number[] }): string {
  return `${node} ${gpus.join()}`;
}

function growthView(
  { wish, fit, sites, totalMicroEur, first }: Growth,
  zone: string,
): Simulation['growth'][number] {
  return {
    tenant: wish.demand.tenant,
    asked: wish.times,
    fit,
    sites: [...sites],
    ...(totalMicroEur === undefined ? {} : { totalMicroEur }),
    ...(first === undefined
      ? {}
      : {
          firstMiss: {
            number: first.number,
            start: isoIn(first.startMs, zone),
            binding: first.binding,
            why: refusalView(first.refusal, undefined, zone).summary,
          },
        }),
  };
}

function repricingView(repricing: Repricing): Simulation['prices'][number] {
  const { contract, agreedMicroEurPerHour, listMicroEurPerHour, cheapest } = repricing;
  return {
    contract: contract.id,
    tenant: contract.tenant,
    ...(agreedMicroEurPerHour === undefined ? {} : { agreedMicroEurPerHour }),
    ...(listMicroEurPerHour === undefined ? {} : { listMicroEurPerHour }),
    ...(cheapest === undefined ? {} : { cheapest }),
  };
}

/** Capacity at an instant, before and after. What is closed then is not there for anybody. */
function left(before: State, after: State, atMs: number): (FlavorView & { freeBefore: number })[] {
  const closed = closedNodes(after.fleet, after.calendar, atMs);
  const out = after.fleet.nodes.filter(({ id }) => closed.has(id));
  const fleet = withNodes(
    after.fleet,
    out.map((node) => ({ ...node, schedulable: false })),
  );
  const free = new Map(
    flavorViews(before, instant(atMs)).map(({ site, model, gpus }) => [`${site} ${model}`, gpus.free]),
  );
  return flavorViews({ ...after, fleet }, instant(atMs)).map((flavor) => ({
    ...flavor,
    freeBefore: free.get(`${flavor.site} ${flavor.model}`) ?? 0,
  }));
}

function hintsOf(named: readonly NamedEdit[], done: Simulated): string[] {
  const kinds = new Set(named.map(({ edit }) => edit.kind));
  const passing = named.some(
    ({ edit }) =>
      'places' in edit &&
      edit.untilMs !== never &&
      edit.places.some(({ kind }) => kind === 'feed' || kind === 'rack-feed' || kind === 'storage-pool'),
  );
  return [
    ...(kinds.has('price') ? ['no agreed price changes: what was committed stays as it was'] : []),
    ...(kinds.has('price') && done.priced < done.unaffected + done.affected.length
      ? [`prices were compared for the first ${done.priced} contracts`]
      : []),
    ...(passing
      ? ['power limits and datasets count as lost for whatever is placed anew, whenever it starts']
      : []),
  ];
}
