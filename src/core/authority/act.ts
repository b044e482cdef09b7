import type { Need } from '../../model/authority.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Command } from '../../model/command.ts';
import type { Contract } from '../../model/contract.ts';
import type { Demand } from '../../model/demand.ts';
import { type FactSubject, tenantOfSubject } from '../../model/governance-fact.ts';
import type { ContractId, Digest, Path, TenantId } from '../../model/id.ts';
import { type Member, type Placement, seatsOf } from '../../model/placement.ts';
import type { Plan } from '../../model/plan.ts';
import { compareText } from '../../model/text.ts';
import { boundContract } from '../binding/subject.ts';
import { nodesIn } from '../calendar/calendar.ts';
import { tenuresOf } from '../calendar/holding.ts';
import { stepOf } from '../life/addition.ts';
import { lostOf } from '../life/shrink.ts';
import { takeoverMs } from '../life/trial.ts';
import { usedMicroEur } from '../life/used.ts';
import { type Archive, contractOf, type State } from '../state.ts';
import { wordless } from './wordless.ts';

/** What rules and budgets look at of a command, whoever gives it. */
export type Act = {
  readonly action:
    | 'commit'
    | 'change'
    | 'release'
    | 'hold'
    | 'maintain'
    | 'import'
    | 'bind'
    | 'register-tenant'
    | 'record'
    | 'grant'
    | 'vouch'
    | 'override'
    | 'approve'
    | 'stop';
  readonly tenant?: TenantId;
  /** The nodes, or the place, that it is about. */
  readonly places: readonly Path[];
  readonly need: Need;
  /** Contracts that end or shrink for it, and how many of them are somebody else's. */
  readonly preempts: number;
  readonly preemptsOthers: number;
  /** Bodies of law and classes of data that the tenant or the demand declares. */
  readonly regimes: readonly string[];
  readonly dataClasses: readonly string[];
  /** Equal for the same wish, whatever plan it is about this time. Computed when asked: only agents are counted. */
  readonly request: () => Digest;
};

const nothing: Need = { gpus: 0, blastGpus: 0, gpuSeconds: 0, spendMicroEur: 0 };

/** Reads a command against the state in which it would be carried out. Plans come from the archive. */
export function actOf(
  state: State,
  command: Command,
  at: { readonly archive: Archive; readonly atMs: number },
): Act {
  switch (command.kind) {
    case 'commit-plan':
    case 'hold-plan':
      return planAct(
        state,
        at.archive.plan(command.planDigest),
        command.kind === 'hold-plan' ? 'hold' : 'commit',
      );
    case 'change-contract':
      return changeAct(state, { plan: at.archive.plan(command.planDigest), command }, at.atMs);
    case 'release-contract':
      return releaseAct(state, command, at.atMs);
    case 'drop-hold': {
      const lease = state.leases.get(command.plan);
      return bare('hold', command, lease === undefined ? {} : { tenant: lease.tenant });
    }
    case 'start-maintenance':
      return maintenanceAct(state, command);
    case 'cancel-maintenance': {
      const place = state.maintenance.get(command.id)?.place;
      return bare('maintain', command, place === undefined ? {} : { places: [place] });
    }
    case 'register-tenant':
      return bare('register-tenant', command, {});
    case 'record-observation':
    case 'add-template':
      return bare('import', command, {});
    case 'bind':
      return bindAct(state, command, command.places);
    case 'report-binding':
      return bindAct(state, command, []);
    case 'observe-contract':
      return bare('import', command, tenantOfContract(state, command.contract));
    case 'record-facts':
      return bare('vouch', command, tenantOfAll(command.facts.map(({ subject }) => subject)));
    case 'retract-fact':
      return bare('vouch', command, tenantOfAll([command.subject]));
    case 'override-rule':
      return bare('override', command, { tenant: command.wish.tenant });
    case 'waive-rules':
      return bare('override', command, command.demand === undefined ? {} : { tenant: command.demand.tenant });
    case 'lift-override': {
      const tenant = state.governance.overrides.get(command.id)?.tenant;
      return bare('override', command, tenant === undefined ? {} : { tenant });
    }
    case 'approve-plan':
    case 'reject-plan':
      return bare('approve', command, {});
    case 'grant-mandate':
    case 'revoke-mandate':
      return bare('grant', command, {});
    case 'stop':
    case 'resume':
      return bare('stop', command, {});
    case 'register-team':
    case 'register-principal':
    case 'register-key':
    case 'revoke-key':
    case 'register-model':
    case 'register-tools':
    case 'erase-asides':
    case 'begin-run':
    case 'note-run':
    case 'end-run':
      return bare('record', command, {});
    default:
      return command satisfies never;
  }
}

/** The tenant that facts are about, where it is one. */
function tenantOfAll(subjects: readonly FactSubject[]): { tenant?: TenantId } {
  const tenants = new Set(subjects.map(tenantOfSubject));
  const [tenant] = tenants;
  return tenants.size === 1 && tenant !== undefined ? { tenant } : {};
}

function tenantOfContract(state: State, id: ContractId): { tenant?: TenantId } {
  const contract = contractOf(state, id);
  return contract === undefined ? {} : { tenant: contract.tenant };
}

/** What is handed over is of one tenant and, where no places are named, stands where its contract does. */
function bindAct(
  state: State,
  command: Extract<Command, { kind: 'bind' | 'report-binding' }>,
  places: readonly Path[],
): Act {
  const contract = boundContract(state, command.subject);
  if (contract === undefined) return bare('bind', command, { places });
  const { tenant, placement } = contract;
  return bare('bind', command, { tenant, places: places.length > 0 ? places : nodesOf(placement) });
}

function bare(action: Act['action'], command: Command, more: Partial<Act>): Act {
  const none = { places: [], need: nothing, preempts: 0, preemptsOthers: 0, regimes: [], dataClasses: [] };
  return { action, ...none, request: () => digestOf(wordless(command)), ...more };
}

function planAct(state: State, plan: Plan, action: 'commit' | 'hold'): Act {
  const { demand, placement } = plan;
  const gpus = gpusOf(seatsOf(placement));
  const victims = victimsOf(state, plan);
  const blastGpus = gpus + gpusOf(victims.flatMap(({ lost }) => lost));
  return {
    action,
    tenant: demand.tenant,
    places: nodesOf(placement),
    need: { gpus, blastGpus, ...spanOf(plan, 0) },
    ...losses(victims, demand),
    ...declared(state, demand),
    request: () => digestOf([action, demand]),
  };
}

type Change = Extract<Command, { kind: 'change-contract' }>;

function changeAct(
  state: State,
  { plan, command }: { readonly plan: Plan; readonly command: Change },
  atMs: number,
): Act {
  const act = planAct(state, plan, 'commit');
  const contract = contractOf(state, command.contract);
  const request = () => digestOf(['change', command.contract, plan.demand]);
  if (contract === undefined) return { ...act, action: 'change', request };
  const { gained, lost } = stepOf(contract, plan.placement);
  const untilMs = takeoverMs(contract, plan.placement.startMs, atMs);
  const victims = victimsOf(state, plan).flatMap((victim) => victim.lost);
  const spent = usedMicroEur(contract, untilMs);
  const span = spanOf(plan, gpuSecondsUsed(contract, untilMs));
  const blastGpus = gpusOf(gained) + gpusOf(lost) + gpusOf(victims);
  return {
    ...act,
    action: 'change',
    tenant: contract.tenant,
    need: { gpus: act.need.gpus, blastGpus, ...span, ...plus(span.spendMicroEur, spent) },
    request,
  };
}

function plus(spendMicroEur: number | undefined, spent: number): Pick<Need, 'spendMicroEur'> {
  return spendMicroEur === undefined ? {} : { spendMicroEur: spendMicroEur + spent };
}

function releaseAct(
  state: State,
  command: Extract<Command, { kind: 'release-contract' }>,
  atMs: number,
): Act {
  const request = () => digestOf(['release', command.contract]);
  const contract = contractOf(state, command.contract);
  if (contract === undefined) return { ...bare('release', command, {}), request };
  const used = { gpuSeconds: gpuSecondsUsed(contract, atMs), spendMicroEur: usedMicroEur(contract, atMs) };
  return {
    ...bare('release', command, declared(state, contract.demand)),
    tenant: contract.tenant,
    places: nodesOf(contract.placement),
    need: { gpus: 0, blastGpus: gpusOf(seatsOf(contract.placement)), ...used },
    request,
  };
}

function maintenanceAct(state: State, command: Extract<Command, { kind: 'start-maintenance' }>): Act {
  const blastGpus = nodesIn(state.fleet, command.place).reduce(
    (sum, { shape }) => sum + shape.gpus.length,
    0,
  );
  return bare('maintain', command, { places: [command.place], need: { ...nothing, blastGpus } });
}

/** What a plan takes of a budget besides `usedGpuSeconds`. Nothing is said of what has no end or no price. */
function spanOf({ placement, price }: Plan, usedGpuSeconds: number): Omit<Need, 'gpus' | 'blastGpus'> {
  const { startMs, endMs } = placement;
  if (endMs === undefined) return {};
  const gpuSeconds = usedGpuSeconds + gpusOf(seatsOf(placement)) * secondsOf(startMs, endMs);
  const { totalMicroEur } = price;
  return { gpuSeconds, endMs, ...(totalMicroEur === undefined ? {} : { spendMicroEur: totalMicroEur }) };
}

/** GPU-seconds that a contract has held by `untilMs`, through all its changes. Started seconds count. */
export function gpuSecondsUsed(contract: Contract, untilMs: number): number {
  return tenuresOf(contract).reduce((sum, { holding: { placement }, untilMs: endedMs }) => {
    const endMs = Math.min(untilMs, endedMs, placement.endMs ?? untilMs);
    return sum + gpusOf(seatsOf(placement)) * secondsOf(placement.startMs, endMs);
  }, 0);
}

export function secondsOf(startMs: number, endMs: number): number {
  return Math.max(0, Math.ceil((endMs - startMs) / 1000));
}

/** GPUs that seats hold; one of which only slices are held counts whole. */
export function gpusOf(seats: readonly Member[]): number {
  return seats.reduce((sum, { gpus, slices = [] }) => {
    const sliced = new Set(slices.map(({ gpu }) => gpu));
    return sum + gpus.length + sliced.size;
  }, 0);
}

function nodesOf(placement: Placement): readonly Path[] {
  return [...new Set(seatsOf(placement).map(({ node }) => node))].toSorted(compareText);
}

/** Somebody who ends, or shrinks, for a plan, and the seats that it loses. */
type Victim = { readonly contract: Contract; readonly lost: readonly Member[] };

function victimsOf(state: State, { preempts = [], shrinks = [] }: Plan): readonly Victim[] {
  const losing = (id: ContractId, lost: (contract: Contract) => readonly Member[]): Victim[] => {
    const contract = contractOf(state, id);
    return contract === undefined ? [] : [{ contract, lost: lost(contract) }];
  };
  return [
    ...preempts.flatMap((id) => losing(id, ({ placement }) => seatsOf(placement))),
    ...shrinks.flatMap(({ contract: id, left }) => losing(id, (contract) => lostOf(contract, left))),
  ];
}

function losses(victims: readonly Victim[], { tenant }: Demand): Pick<Act, 'preempts' | 'preemptsOthers'> {
  const others = victims.filter(({ contract }) => contract.tenant !== tenant);
  return { preempts: victims.length, preemptsOthers: others.length };
}

function declared({ tenants }: State, { tenant, rules }: Demand): Pick<Act, 'regimes' | 'dataClasses'> {
  const own = tenants.get(tenant)?.rules;
  return {
    regimes: union(own?.regimes, rules?.regimes),
    dataClasses: union(own?.classes, rules?.classes),
  };
}

function union(a: readonly string[] = [], b: readonly string[] = []): readonly string[] {
  return [...new Set([...a, ...b])].toSorted(compareText);
}
