import type { NodeShape } from '../../core/inventory/fleet.ts';
import type { Nearness, NodePicture } from '../../model/picture-view.ts';

/** Where a device hangs, as far as anybody has said. */
type Spot = {
  readonly numaNode?: number | undefined;
  readonly pcieRoot?: number | undefined;
  readonly pcieSwitch?: number | undefined;
};

/** How near each GPU and NIC is to each GPU. */
export function nearnessOf({ gpus, nics, islands }: NodeShape): NodePicture['nearness'] {
  const linked = (a: number, b: number) =>
    islands.some((mask) => ((mask >>> a) & 1) === 1 && ((mask >>> b) & 1) === 1);
  return {
    gpus: gpus.map((from, a) =>
      gpus.map((to, b): Nearness => {
        if (a === b) return 'same';
        return linked(a, b) ? 'link' : nearness(from, to);
      }),
    ),
    nics: nics.map((nic) => gpus.map((gpu) => nearness(nic, gpu))),
  };
}

/**
 * The nearest thing that two devices are known to share. That they share nothing is only said once both NUMA nodes are
 * known: a source that knows roots but no NUMA nodes does not tell across from beside.
 */
function nearness(a: Spot, b: Spot): Nearness {
  if (a.pcieSwitch !== undefined && a.pcieSwitch === b.pcieSwitch) return 'switch';
  if (a.pcieRoot !== undefined && a.pcieRoot === b.pcieRoot) return 'root';
  if (a.numaNode === undefined || b.numaNode === undefined) return 'unknown';
  return a.numaNode === b.numaNode ? 'numa' : 'across';
}
