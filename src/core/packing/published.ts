import { bestFit } from './best-fit.ts';
import { clustering } from './clustering.ts';
import { dotProduct } from './dot-product.ts';
import { fgd } from './fgd.ts';
import type { Fleet } from './fleet.ts';
import { gpuPacking } from './gpu-packing.ts';
import type { Policy } from './policy.ts';

/** The deterministic policies of Weng et al. (USENIX ATC 2023), the best first. */
export const publishedNames = ['fgd', 'bestfit', 'packing', 'clustering', 'dotprod'] as const;
export type PublishedName = (typeof publishedNames)[number];

/** `plain` remembers nothing between decisions, with the same answers. */
export function published(name: PublishedName, { nodes, shapes, target }: Fleet, plain = false): Policy {
  switch (name) {
    case 'fgd':
      return fgd(nodes, shapes, target, plain);
    case 'bestfit':
      return bestFit(nodes, shapes);
    case 'packing':
      return gpuPacking(nodes, shapes);
    case 'clustering':
      return clustering(nodes, shapes);
    case 'dotprod':
      return dotProduct(nodes, shapes);
    default:
      return name satisfies never;
  }
}
