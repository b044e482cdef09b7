import type { FactKind } from '../../model/fact.ts';
import { Path } from '../../model/id.ts';
import { type Member, type Placement, seatsOf } from '../../model/placement.ts';
import { type Claims, subjectKey } from './claims.ts';
import { isStale } from './precedence.ts';
import { newestOf, type Resolved, resolveAttributes } from './resolve.ts';
import { claimsAbout } from './said-about.ts';

/** A fact that a placement rests on although sources contradict it, or although it is too old. */
export type Doubt = {
  readonly subject: Path;
  readonly attribute: Resolved;
  readonly why: 'conflict' | 'stale';
};

/** What people read and no decision does. */
const forPeople: ReadonlySet<string> = new Set([
  'hostName',
  'aliases',
  'serial',
  'systemUuid',
  'uuid',
  'name',
  'guid',
  'mac',
  'pciAddress',
  'machine',
  'driver',
  'kubernetes',
  'labels',
  'healthReason',
  'position',
  'weightKg',
  'warrantyUntilMs',
]);

/** The doubtful facts of the nodes, GPUs and NICs that a placement uses, as of `atMs`, in the order of its members. */
export function doubtsAbout(claims: Claims, placement: Placement, atMs: number): readonly Doubt[] {
  const newestMs = newestOf(claims);
  const subjects = new Map(seatsOf(placement).flatMap(usedBy));
  return [...subjects].flatMap(([subject, kind]) =>
    resolveAttributes(claimsAbout(claims, subjectKey(kind, subject)), newestMs)
      .filter(({ name }) => !forPeople.has(name))
      .flatMap((attribute): Doubt[] => {
        if (attribute.conflicts.some((other) => !other.isStale))
          return [{ subject, attribute, why: 'conflict' }];
        return isStale(attribute.claim, attribute.name, atMs) ? [{ subject, attribute, why: 'stale' }] : [];
      }),
  );
}

function usedBy({ node, gpus, nics }: Member): readonly (readonly [Path, FactKind])[] {
  return [
    [node, 'node'],
    ...gpus.map((index) => [Path.parse(`${node}/gpu${index}`), 'gpu'] as const),
    ...nics.map((index) => [Path.parse(`${node}/nic${index}`), 'nic'] as const),
  ];
}
