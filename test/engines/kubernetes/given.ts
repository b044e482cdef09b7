import { compileContract } from '../../../src/engines/kubernetes/compile.ts';
import { AnyObject, type AnyObject as Known } from '../../../src/engines/kubernetes/object.ts';
import type { EngineNode, EngineOptions, GrantedSubject } from '../../../src/engines/port.ts';
import type { EngineObject } from '../../../src/model/binding.ts';
import type { Demand } from '../../../src/model/demand.ts';
import { NodeFacts } from '../../../src/model/fact.ts';
import type { GpuFacts, NicFacts } from '../../../src/model/fact.ts';
import { ContractId, type Path } from '../../../src/model/id.ts';
import type { Placement } from '../../../src/model/placement.ts';

/** What the nodes of a test have in common; one node differs from the next by its name and its cards' numbers. */
export type Machine = {
  readonly gpus?: number;
  readonly model?: string;
  readonly memoryMib?: number;
  /** PCIe roots that share out GPUs and NICs in turn; none is known without it. */
  readonly roots?: number;
  readonly nics?: number;
  readonly uuids?: boolean;
  readonly facts?: object;
};

/** A contract `C-106` on the nodes that its placement names, all of them alike. */
export function subject(demand: Demand, placement: Placement, machine: Machine = {}): GrantedSubject {
  const seats = [...placement.members, ...(placement.spares ?? [])];
  const nodes = new Map(seats.map(({ node }) => [node, nodeOf(node, machine)]));
  return {
    kind: 'contract',
    id: ContractId.parse('C-106'),
    version: 1,
    tenant: demand.tenant,
    demand,
    placement,
    upcoming: [],
    terms: [],
    nodes,
  };
}

function nodeOf(id: Path, machine: Machine): EngineNode {
  const { gpus = 8, nics = 0, roots, facts = {} } = machine;
  const known = NodeFacts.parse(facts);
  return {
    id,
    hostName: id.replaceAll('/', '-'),
    facts: known,
    gpus: Array.from({ length: gpus }, (_, at) => gpuOf(id, at, machine)),
    nics: Array.from({ length: nics }, (_, at): NicFacts => ({ rdma: true, ...rootOf(at, roots) })),
    ...(known.leaf === undefined ? {} : { leaf: known.leaf }),
  };
}

function gpuOf(
  id: Path,
  at: number,
  { model = 'H100-SXM-80GB', memoryMib = 81_559, roots, uuids }: Machine,
): GpuFacts {
  const uuid = uuids === true ? { uuid: `GPU-${id.replaceAll('/', '-')}-${at}` } : {};
  return { model, memoryMib, ...rootOf(at, roots), ...uuid };
}

function rootOf(at: number, roots: number | undefined): { pcieRoot?: number } {
  return roots === undefined ? {} : { pcieRoot: at % roots };
}

/** The objects of a contract, which has to compile. */
export function objects(given: GrantedSubject, options: EngineOptions = {}): readonly EngineObject[] {
  return compiled(given, options).objects;
}

export function compiled(given: GrantedSubject, options: EngineOptions = {}) {
  const answer = compileContract(given, options);
  if (answer.kind === 'unfit') throw new Error(answer.why);
  return answer;
}

/** The objects of one kind, as a reader of vendors' formats meets them. */
export function ofKind(given: readonly EngineObject[], kind: string): readonly Known[] {
  return given.map(({ body }) => AnyObject.parse(body)).filter((one) => one.kind === kind);
}
