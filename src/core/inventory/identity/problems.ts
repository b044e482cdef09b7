import type { Fact, Origin } from '../../../model/fact.ts';
import type { Path } from '../../../model/id.ts';
import { worded } from './identifiers.ts';
import type { Machine } from './machines.ts';

/** A machine whose facts are not recorded, because which one it is cannot be said. */
export type IdentityProblem = {
  readonly kind: 'contradiction' | 'unplaced';
  /** As the source calls it. */
  readonly subject: Path;
  readonly factCount: number;
  /** Known machines, and others of the same file, that it may be. */
  readonly candidates: readonly Path[];
  readonly identifiers: readonly string[];
  readonly why: string;
  readonly fix: string;
  readonly origin: Origin;
};

export function contradiction(machine: Machine, candidates: readonly Path[], why: string): IdentityProblem {
  return {
    ...about(machine),
    kind: 'contradiction',
    candidates,
    why: why.slice(0, 280),
    fix: aliasFix(machine, candidates),
  };
}

export function withoutPlace(machine: Machine): IdentityProblem {
  return {
    ...about(machine),
    kind: 'unplaced',
    candidates: [],
    why: 'no known machine has its name or numbers, and nothing says where it stands',
    fix: 'pass `--site` or `--node`, or first import a source that knows the place',
  };
}

/** A switch, rack or link of a file whose site nobody knows. */
export function placeless({ kind, subject, origin }: Fact): IdentityProblem {
  return {
    kind: 'unplaced',
    subject,
    factCount: 1,
    candidates: [],
    identifiers: [],
    why: `nothing says at which site this ${kind} is`,
    fix: 'pass `--site`',
    origin,
  };
}

function about(machine: Machine): Pick<IdentityProblem, 'subject' | 'factCount' | 'identifiers' | 'origin'> {
  return {
    subject: machine.path,
    factCount: machine.facts.length,
    identifiers: [...machine.stated.keys()].slice(0, 8).map(worded),
    origin: machine.facts[0]?.fact.origin ?? { file: '' },
  };
}

/** The line that settles it: one of the machine's own identifiers as an alias of a node in the inventory file. */
function aliasFix(machine: Machine, candidates: readonly Path[]): string {
  const [settling] = [...machine.stated.keys()].toSorted((a, b) => rank(a) - rank(b));
  const [where] = candidates;
  const name = (where ?? machine.path).split('/').at(-1) ?? '';
  const written = settling === undefined ? 'serial:…' : settling.replace(/^name:/u, '');
  return `say which node it is in your inventory file, at its group of nodes: \`aliases: { ${name}: ['${written}'] }\`, then import both again`;
}

/** Numbers settle better than names, and one for the whole machine better than one for a card. */
function rank(identifier: string): number {
  const order = ['serial:', 'uuid:', 'name:', 'gpu:'];
  return order.findIndex((prefix) => identifier.startsWith(prefix));
}
