/** GPUs that may be promised as one link domain, and whether links go beyond it. */
export type Islands = {
  /** The island of each GPU, by the GPU's number; islands are numbered in the order of their first GPUs. */
  readonly islandOf: readonly number[];
  /** GPUs that reach each other over others only: sets of linked GPUs that were cut into several islands. */
  readonly meshes: readonly (readonly number[])[];
};

/**
 * Divides GPUs into islands within which each has a link to each, directly or through switches. Where links form a mesh
 * that is not all to all (the hybrid cube of a DGX-1), an island takes the lowest numbers that are linked with all of
 * it: fewer GPUs than are wired together, but never two in one island without a link between them.
 */
export function islandsOf(count: number, isLinked: (a: number, b: number) => boolean): Islands {
  const islandOf: number[] = [];
  let next = 0;
  for (let first = 0; first < count; first++) {
    if (islandOf[first] !== undefined) continue;
    const members = [first];
    for (let other = first + 1; other < count; other++) {
      const isFree = islandOf[other] === undefined;
      if (isFree && members.every((member) => isLinked(member, other))) members.push(other);
    }
    for (const member of members) islandOf[member] = next;
    next += 1;
  }
  const meshes = componentsOf(count, isLinked).filter(
    (members) => new Set(members.map((member) => islandOf[member])).size > 1,
  );
  return { islandOf, meshes };
}

/** Sets of things that reach each other, in the order of their first numbers. */
function componentsOf(count: number, isLinked: (a: number, b: number) => boolean): readonly number[][] {
  const seen = new Set<number>();
  const components: number[][] = [];
  for (let first = 0; first < count; first++) {
    if (seen.has(first)) continue;
    const members = [first];
    seen.add(first);
    for (const member of members) {
      for (let other = 0; other < count; other++) {
        if (seen.has(other) || !isLinked(member, other)) continue;
        seen.add(other);
        members.push(other);
      }
    }
    components.push(members.toSorted((a, b) => a - b));
  }
  return components;
}

/** Why links of a mesh are not all counted, for people. */
export function meshWhy(meshes: Islands['meshes']): string {
  const shown = meshes.map((members) => members.join(', ')).join('; ');
  return `GPUs ${shown} form a mesh in which some pairs have no link of their own; only those linked each to each count as one island`;
}

/** That not all GPUs are joined, and which are, for people; nothing when one island holds them all. */
export function islandsNote(islandOf: readonly number[]): string | undefined {
  const islands = Map.groupBy(islandOf.entries(), ([, island]) => island);
  if (islands.size < 2) return undefined;
  const sets = [...islands.values()].map((members) => members.map(([gpu]) => gpu).join(', '));
  return `accelerator links join GPUs only within these sets: ${sets.join(' / ')}`;
}
