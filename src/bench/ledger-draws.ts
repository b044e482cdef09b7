import { planChange } from '../core/life/change.ts';
import { lapse } from '../core/life/lapse.ts';
import { canSolve } from '../core/place/solve.ts';
import { startRange } from '../core/place/start-range.ts';
import { plan } from '../core/plan.ts';
import { contractOf, type State } from '../core/state.ts';
import type { Command } from '../model/command.ts';
import { isStanding } from '../model/contract.ts';
import { Demand } from '../model/demand.ts';
import { type ContractId, PlanId } from '../model/id.ts';
import { identify, type Plan } from '../model/plan.ts';
import type { PolicyVerdict } from '../model/policy.ts';
import { hourS } from '../model/unit.ts';
import { fleetStartMs, tenantIds } from './fleets.ts';
import { Random } from './random.ts';

/** A command at its time, with the plan that it names. */
export type Drawn = { readonly atMs: number; readonly command: Command; readonly plan?: Plan };

const hourMs = hourS * 1000;

/** GPU hours that a decision adds, about, by which the clock goes on: about a third of a fleet is in use. */
const gpuHours = 48;

/** Draws what people and agents do to a fleet: they commit, release, change, hold, and now and then ask in vain. */
export class LedgerDraws {
  readonly #random: Random;
  readonly #meanMs: number;
  /** Contracts that stood when last looked at. */
  readonly #standing: ContractId[] = [];
  #seen = 0;
  #nowMs = fleetStartMs;

  constructor(nodes: number, seed: number) {
    this.#random = new Random(seed ^ 0x1ed6_e200);
    this.#meanMs = Math.max(1, Math.round((gpuHours * hourMs) / (4 * nodes)));
  }

  next(state: State, verdict: PolicyVerdict): Drawn {
    this.#nowMs += this.#random.below(2 * this.#meanMs);
    for (; this.#seen < state.contracts.size; this.#seen++) {
      const granted = state.contracts.at(this.#seen);
      if (granted !== undefined) this.#standing.push(granted.id);
    }
    const kind = this.#random.pick(kinds);
    if (kind === 'commit' || kind === 'hold')
      return this.#offer(state, verdict, kind) ?? this.#release(state);
    if (kind === 'change') return this.#change(state, verdict) ?? this.#release(state);
    return this.#release(state);
  }

  /** A plan for a new demand, if there is room. Refusals explain themselves with many searches; they are no decisions. */
  #offer(state: State, verdict: PolicyVerdict, kind: 'commit' | 'hold'): Drawn | undefined {
    const atMs = this.#nowMs;
    const demand = this.#demand();
    const range = startRange(demand, atMs);
    if (range.kind === 'refused') return undefined;
    if (!canSolve(lapse(state, atMs), verdict, { demand, starts: range.starts })) return undefined;
    const made = plan(state, { atMs, verdict }, demand);
    if (made.kind === 'refused') return undefined;
    const named = { plan: made.id, planDigest: made.digest };
    const leaseS = 600 * (1 + this.#random.below(12));
    const command: Command =
      kind === 'commit' ? { kind: 'commit-plan', ...named } : { kind: 'hold-plan', ...named, leaseS };
    return { atMs, command, plan: made.plan };
  }

  #change(state: State, verdict: PolicyVerdict): Drawn | undefined {
    const atMs = this.#nowMs;
    const id = this.#draw(state);
    const contract = id === undefined ? undefined : contractOf(state, id);
    if (contract?.placement.endMs === undefined) return undefined;
    const endMs = Math.max(atMs, contract.placement.endMs) + (this.#random.below(9) - 3) * hourMs;
    const edit = { end: { kind: 'at', atMs: endMs } } as const;
    const made = planChange(state, { atMs, verdictOf: () => verdict }, { contract: contract.id, edit });
    if (made.kind === 'refused') return undefined;
    const { id: named, digest } = identify(made.plan);
    const command = {
      kind: 'change-contract',
      contract: contract.id,
      plan: named,
      planDigest: digest,
    } as const;
    return { atMs, command, plan: made.plan };
  }

  /** One that stands, mostly: else the command is refused. */
  #release(state: State): Drawn {
    const latest = state.contracts.at(this.#random.below(Math.max(1, state.contracts.size)))?.id;
    const id = this.#random.below(20) === 0 ? latest : (this.#draw(state) ?? latest);
    if (id === undefined) return { atMs: this.#nowMs, command: { kind: 'drop-hold', plan: nobodysPlan } };
    return { atMs: this.#nowMs, command: { kind: 'release-contract', contract: id } };
  }

  /** A contract that stands. Those found to have ended are forgotten. */
  #draw(state: State): ContractId | undefined {
    while (this.#standing.length > 0) {
      const at = this.#random.below(this.#standing.length);
      const id = this.#standing[at];
      const contract = id === undefined ? undefined : contractOf(state, id);
      if (contract !== undefined && isStanding(contract, this.#nowMs)) return id;
      const last = this.#standing.pop();
      if (last !== undefined && at < this.#standing.length) this.#standing[at] = last;
    }
    return undefined;
  }

  /** Some GPUs of a node, or a few whole nodes, for hours, now or within a day. */
  #demand(): Demand {
    const random = this.#random;
    const [count, gpus] = random.pick([
      [[1, 1] as const, 5],
      [[1, 2] as const, 3],
      [[1, 4] as const, 3],
      [[1, 8] as const, 3],
      [[2, 8] as const, 2],
      [[4, 8] as const, 1],
    ]);
    const earliestStartMs = this.#nowMs + random.below(12) * hourMs;
    return Demand.parse({
      tenant: tenantIds[random.below(tenantIds.length)],
      parts: [{ name: 'train', count, each: { gpus: { count: gpus }, ...(count > 1 ? { rdma: {} } : {}) } }],
      ...(count > 1 ? { together: 'leaf' } : {}),
      window: {
        earliestStartMs,
        latestStartMs: earliestStartMs + 12 * hourMs,
        durationS: hourS * (1 + random.below(23)),
      },
    });
  }
}

const kinds = [
  ['commit', 12],
  ['hold', 1],
  ['change', 2],
  ['release', 5],
] as const;

const nobodysPlan = PlanId.parse('plan-0000000000000000');
