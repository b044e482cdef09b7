import { decide } from '../../core/decide.ts';
import { type Archive, applyAll, emptyState, type Stamp, type State } from '../../core/state.ts';
import { Actor } from '../../model/actor.ts';
import { digestOf } from '../../model/canonical.ts';
import type { Command } from '../../model/command.ts';
import type { Decision } from '../../model/decision.ts';
import type { Event } from '../../model/event.ts';
import type { Observation } from '../../model/fact.ts';
import type { Digest } from '../../model/id.ts';
import { identify, type Plan, type PlanAnswer } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { Tenant } from '../../model/tenant.ts';

export type Planned = Extract<PlanAnswer, { kind: 'planned' }>;

/** Wed 25 Nov 2026, 10:00 in Berlin: where every walk begins. */
const beginMs = Date.UTC(2026, 10, 25, 9);

const actor = Actor.parse({ principal: 'agent:walk' });

/** A state and what a ledger would hold about how it came about. Moves only by decisions. */
export class Walker implements Archive {
  state: State = emptyState;
  nowMs = beginMs;
  /** Plans that were made and not committed. */
  readonly offers: Planned[] = [];
  readonly #entries: { readonly events: readonly Event[]; readonly stamp: Stamp }[] = [];
  readonly #observations = new Map<Digest, Observation>();
  readonly #plans = new Map<Digest, Plan>();
  #verdict: PolicyVerdict | undefined;

  constructor(fleet: Observation) {
    for (const id of ['acme', 'globex'])
      this.act({ kind: 'register-tenant', tenant: Tenant.parse({ id, name: id, zone: 'UTC' }) });
    this.see(fleet);
  }

  observation(digest: Digest): Observation {
    return found(this.#observations.get(digest));
  }

  plan(digest: Digest): Plan {
    return found(this.#plans.get(digest));
  }

  see(observation: Observation): void {
    const digest = digestOf(observation);
    this.#observations.set(digest, observation);
    this.act({ kind: 'record-observation', observation: digest });
    this.#verdict = undefined;
  }

  keep(plan: Plan): Planned {
    const named = identify(plan);
    this.#plans.set(named.digest, plan);
    return { kind: 'planned', ...named, plan };
  }

  act(command: Command): Decision {
    const given = { atMs: this.nowMs, verdict: this.verdict, archive: this };
    const { decision, events } = decide(this.state, given, command);
    if (events.length === 0) return decision;
    const stamp = { seq: this.state.seq + 1, atMs: this.nowMs, actor };
    this.state = applyAll(this.state, events, stamp, this);
    this.#entries.push({ events, stamp });
    return decision;
  }

  /** Every site is allowed. */
  get verdict(): PolicyVerdict {
    const sites = this.state.fleet.sites.map(({ id }) => ({
      site: id,
      answer: 'allowed' as const,
      hits: [],
    }));
    this.#verdict ??= { policy: digestOf('walk'), packs: [], sites };
    return this.#verdict;
  }

  /** The fold of everything that was appended, from nothing. */
  replayed(): State {
    return this.#entries.reduce(
      (state, { events, stamp }) => applyAll(state, events, stamp, this),
      emptyState,
    );
  }
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a digest that nobody kept');
  return value;
}
