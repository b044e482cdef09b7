/** Devices in groups whose members are all linked directly, filled from the first device on. */
export type LinkGroups<D> = {
  readonly groups: readonly (readonly D[])[];
  /** Some link leads from one group to another: its ends reach each other only in part. */
  readonly isSplit: boolean;
};

/**
 * Groups in which every pair has a direct accelerator link: what may be promised as one island. In a hybrid mesh
 * (DGX-1) larger groups work too, over other GPUs; which of them are fast enough is not for an importer to say.
 */
export function linkGroups<D>(devices: readonly D[], linked: (a: D, b: D) => boolean): LinkGroups<D> {
  const groups: D[][] = [];
  for (const device of devices) {
    const open = groups.find((group) => group.every((other) => linked(device, other)));
    if (open === undefined) groups.push([device]);
    else open.push(device);
  }
  const isSplit = groups.some((group, index) =>
    groups.slice(index + 1).some((other) => group.some((a) => other.some((b) => linked(a, b)))),
  );
  return { groups, isSplit };
}

/** Why groups of links that lead on are not joined. */
export function splitWhy(link: string): string {
  return `some GPUs reach each other by ${link} only through others; a group here holds GPUs that are all linked directly`;
}
