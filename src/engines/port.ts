import type { EngineName, EngineObject } from '../model/binding.ts';
import type { Demand } from '../model/demand.ts';
import type { GpuFacts, NicFacts, NodeFacts } from '../model/fact.ts';
import type { ContractId, MaintenanceId, Path, TenantId } from '../model/id.ts';
import type { Placement, Term } from '../model/placement.ts';

/** A node as an engine meets it. `hostName` is the name that the engine knows; what nobody has said is absent. */
export type EngineNode = {
  readonly id: Path;
  readonly hostName: string;
  readonly facts: NodeFacts;
  readonly gpus: readonly GpuFacts[];
  readonly nics: readonly NicFacts[];
  readonly cpuMilli?: number;
  readonly memoryMib?: number;
  readonly numaNodes?: number;
  /** The RDMA leaf that it hangs on, and the spine above that. */
  readonly leaf?: Path;
  readonly spine?: Path;
};

/** What is to be handed over: a contract, or the part of it that stands in the places that the engine serves. */
export type GrantedSubject = {
  readonly kind: 'contract';
  readonly id: ContractId;
  readonly version: number;
  readonly tenant: TenantId;
  readonly demand: Demand;
  /** What it holds now, or first; until the next of `upcoming` takes over. */
  readonly placement: Placement;
  /** Changes that are granted and take over later, in order. */
  readonly upcoming: readonly Placement[];
  readonly terms: readonly Term[];
  readonly nodes: ReadonlyMap<Path, EngineNode>;
};

/** Nodes that are closed to everybody for a time. */
export type ClosedSubject = {
  readonly kind: 'maintenance';
  readonly id: MaintenanceId;
  readonly version: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly nodes: ReadonlyMap<Path, EngineNode>;
};
export type EngineSubject = GrantedSubject | ClosedSubject;

/** What people may say about how a subject is handed over, such as `users`: what it means, for help and errors. */
export type EngineOptions = Readonly<Record<string, string>>;

export type Compiled =
  | {
      readonly kind: 'compiled';
      /** In any order; keys are unique and carry the subject's id, so that two contracts never share an object. */
      readonly objects: readonly EngineObject[];
      /** What this engine cannot hold of the contract, in plain words. */
      readonly notes: readonly string[];
      /** Files that the engine does not hold and people use, such as scripts that submit jobs. */
      readonly files: readonly Printed[];
    }
  | { readonly kind: 'unfit'; readonly why: string; readonly fix: string };

/** What stands in the engine for a subject: everything that carries its id, wanted or left over. */
export type Reading =
  | { readonly kind: 'read'; readonly objects: readonly EngineObject[] }
  | { readonly kind: 'unreachable' | 'unreadable'; readonly why: string };

/** One act on the engine. `wanted` is absent for `remove`, `found` for `create`. */
export type Step =
  | { readonly act: 'create'; readonly key: string; readonly wanted: EngineObject }
  | {
      readonly act: 'change';
      readonly key: string;
      readonly wanted: EngineObject;
      readonly found: EngineObject;
      readonly differences: readonly string[];
    }
  | { readonly act: 'remove'; readonly key: string; readonly found: EngineObject };

/**
 * `refused`: it said no and did nothing. `unreachable`: it was never asked. `unknown`: it was asked, and what it did
 * about it is not known; reading back tells.
 */
export type Answer =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused' | 'unreachable' | 'unknown'; readonly why: string };

/** The pure half of an engine: no clock, no IO. The same subject and options give the same bytes. */
export type Compiler = {
  readonly name: EngineName;
  /** Name and version of the rules below, such as `slurm/1`: kept in the ledger with what they made. */
  readonly compiler: string;
  readonly title: string;
  readonly options: EngineOptions;
  compile(subject: EngineSubject, options: EngineOptions): Compiled;
  /** How the object that was found falls short of the wanted one at `atMs`: one line each, none when it is kept. */
  differences(wanted: EngineObject, found: EngineObject, atMs: number): readonly string[];
  /** The objects as files that people keep in a repository and apply themselves. */
  print(objects: readonly EngineObject[]): readonly Printed[];
};

export type Printed = { readonly file: string; readonly text: string };

export type Probe = { readonly answers: boolean; readonly text: string; readonly options: EngineOptions };

/**
 * An engine that can be spoken to, by the user's own programs and rights. Everything may be repeated at any time:
 * nothing is done twice because it was asked twice. Reports what went wrong as values; throws only for bugs.
 */
export type Engine = Compiler & {
  /** One line about what answers, such as its version, and the options that follow from it; why nothing does otherwise. */
  probe(): Promise<Probe>;
  read(subject: { readonly id: string; readonly keys: readonly string[] }): Promise<Reading>;
  apply(step: Step, atMs: number): Promise<Answer>;
  /** What it would say to these objects without keeping any of them; absent where it cannot be asked that. */
  rehearse?(objects: readonly EngineObject[], atMs: number): Promise<readonly Rehearsed[]>;
};

export type Rehearsed = { readonly key: string; readonly answer: Answer };
