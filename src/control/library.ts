import { z } from 'zod';

import type { Archive } from '../core/state.ts';
import { sha256Of } from '../ledger/chain.ts';
import type { Ledger } from '../ledger/port.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { Command } from '../model/command.ts';
import { BerthError } from '../model/error.ts';
import { Observation } from '../model/fact.ts';
import type { Digest } from '../model/id.ts';
import { Measurement } from '../model/measurement.ts';
import { identify, Inputs, Plan } from '../model/plan.ts';
import type { Template } from '../model/template.ts';
import { builtInPacks } from '../policy/built-in.ts';
import { loadPacks, type Packs } from '../policy/pack-set.ts';
import { readerVersion } from '../policy/version.ts';

/** The one part of a plan that says where it was made. */
const PlanInputs = z.object({ inputs: Inputs });

/** Plans and observations of a ledger, read once and kept: what the pure core looks up by digest. */
export class Library implements Archive {
  readonly #ledger: Ledger;
  readonly #observations = new Map<Digest, Observation>();
  readonly #plans = new Map<Digest, Plan>();
  readonly #measurements = new Map<Digest, Measurement>();
  readonly #packs = new Map<Digest, Packs>();

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  observation(digest: Digest): Observation {
    return found(this.#observations.get(digest), digest);
  }

  plan(digest: Digest): Plan {
    return found(this.#plans.get(digest), digest);
  }

  /** What a command that looks at a contract is decided by; nothing for any other. */
  measured(command: Command): { readonly measurement?: Measurement } {
    if (command.kind !== 'observe-contract') return {};
    const { measurement } = command;
    return { measurement: found(this.#measurements.get(measurement), measurement) };
  }

  /** Rule packs that were fetched before; nothing where the ledger has none of that digest, or other code read them. */
  packs(digest: Digest): Packs | undefined {
    const builtIn = builtInPacks();
    const kept = digest === builtIn.digest ? builtIn : this.#packs.get(digest);
    return kept?.set.reader === readerVersion ? kept : undefined;
  }

  /** Reads the rule packs that an entry or a plan was decided by, unless they are those of this version. */
  async fetchPacks(digest: Digest): Promise<Packs | undefined> {
    const known = this.packs(digest);
    if (known !== undefined || this.#packs.has(digest)) return known;
    const bytes = await this.#ledger.getBlob(digest);
    if (bytes === undefined) return undefined;
    const packs = await this.#read(digest, loadPacks);
    if (packs.digest !== digest) throw spoilt(digest);
    this.#packs.set(digest, packs);
    return this.packs(digest);
  }

  async keepPacks({ set }: Packs): Promise<void> {
    await this.#ledger.putBlob(bytesOf(set));
  }

  /** Reads what deciding or folding the command needs. */
  async fetchFor(command: Command): Promise<void> {
    if (command.kind === 'record-observation') await this.fetchObservation(command.observation);
    if (command.kind === 'observe-contract') await this.fetchMeasurement(command.measurement);
    const plan = planNamedIn(command);
    if (plan !== undefined) await this.fetchPlan(plan);
  }

  async fetchMeasurement(digest: Digest): Promise<Measurement> {
    const known = this.#measurements.get(digest);
    if (known !== undefined) return known;
    const measurement = await this.#read(digest, (value) => Measurement.parse(value));
    this.#measurements.set(digest, measurement);
    return measurement;
  }

  forgetMeasurement(digest: Digest): void {
    this.#measurements.delete(digest);
  }

  async keepMeasurement(measurement: Measurement): Promise<Digest> {
    return this.#ledger.putBlob(bytesOf(measurement));
  }

  async fetchObservation(digest: Digest): Promise<Observation> {
    const known = this.#observations.get(digest);
    if (known !== undefined) return known;
    const observation = await this.#read(digest, (value) => Observation.parse(value));
    this.#observations.set(digest, observation);
    return observation;
  }

  async fetchPlan(digest: Digest): Promise<Plan> {
    const known = this.#plans.get(digest);
    if (known !== undefined) return known;
    const plan = await this.#read(digest, (value) => Plan.parse(value));
    this.#plans.set(digest, plan);
    return plan;
  }

  /** What a plan was computed from, without keeping the plan. */
  async inputsOf(plan: Digest): Promise<Inputs> {
    const known = this.#plans.get(plan);
    return known?.inputs ?? (await this.#read(plan, (value) => PlanInputs.parse(value).inputs));
  }

  /** Lets go of a plan, which is read again when it is asked for. A long ledger has more than fit into memory. */
  forget(plan: Digest): void {
    this.#plans.delete(plan);
  }

  async keepObservation(observation: Observation): Promise<Digest> {
    const digest = await this.#ledger.putBlob(bytesOf(observation));
    this.#observations.set(digest, observation);
    return digest;
  }

  async keepTemplate(template: Template): Promise<void> {
    await this.#ledger.putBlob(bytesOf(template));
  }

  async keepPlan(plan: Plan): Promise<void> {
    const { id, digest } = identify(plan);
    await this.#ledger.putPlan(id, bytesOf(plan));
    this.#plans.set(digest, plan);
  }

  async #read<T>(digest: Digest, parse: (value: unknown) => T): Promise<T> {
    const bytes = await this.#ledger.getBlob(digest);
    if (bytes === undefined || sha256Of(bytes) !== digest) throw spoilt(digest);
    try {
      return parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    } catch (cause) {
      throw spoilt(digest, cause);
    }
  }
}

/** The plan that a command is about, for those that place something. */
export function planNamedIn(command: Command): Digest | undefined {
  const { kind } = command;
  if (kind === 'approve-plan' || kind === 'reject-plan')
    return command.plan === undefined ? undefined : command.planDigest;
  const places = kind === 'commit-plan' || kind === 'change-contract' || kind === 'hold-plan';
  return places ? command.planDigest : undefined;
}

/** The bytes under which a value is stored: its canonical JSON, so that its digest is the digest of the bytes. */
export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(canonicalJson(value));
}

function found<T>(value: T | undefined, digest: Digest): T {
  if (value === undefined) throw new Error(`\`${digest}\` was not fetched before it was needed`);
  return value;
}

function spoilt(digest: Digest, cause?: unknown): BerthError {
  return new BerthError(
    {
      code: 'LEDGER_REFUSED',
      message: `the blob \`${digest}\` is missing from the ledger or cannot be read`,
      fix: 'run `berth ledger verify`, and restore the ledger from a copy that passes it',
    },
    { cause },
  );
}
