/** Sets of device numbers 0..31 on one node, as unsigned 32-bit integers. */
export type Mask = number;

export function maskOf(indexes: readonly number[]): Mask {
  let mask = 0;
  for (const index of indexes) mask |= 1 << index;
  return mask >>> 0;
}

export function firstBits(count: number): Mask {
  return count >= 32 ? 0xffff_ffff : ((1 << count) - 1) >>> 0;
}

export function sizeOf(mask: Mask): number {
  let rest = mask - ((mask >>> 1) & 0x5555_5555);
  rest = (rest & 0x3333_3333) + ((rest >>> 2) & 0x3333_3333);
  return Math.imul((rest + (rest >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

export function indexesOf(mask: Mask): number[] {
  const indexes: number[] = [];
  for (let index = 0; index < 32; index++) if ((mask >>> index) & 1) indexes.push(index);
  return indexes;
}

export function without(mask: Mask, taken: Mask): Mask {
  return (mask & ~taken) >>> 0;
}

export function both(a: Mask, b: Mask): Mask {
  return (a & b) >>> 0;
}

/** The lowest `count` members of the set. */
export function lowest(mask: Mask, count: number): Mask {
  let taken = 0;
  for (let index = 0, left = count; index < 32 && left > 0; index++) {
    if (((mask >>> index) & 1) === 0) continue;
    taken |= 1 << index;
    left--;
  }
  return taken >>> 0;
}
