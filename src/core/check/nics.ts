import type { Violation } from '../given.ts';
import { type Audit, broken, named } from './audit.ts';

/**
 * Replicas without GPUs hold one RDMA NIC, those with slices one for each slice, and those that asked for several for
 * each GPU or slice hold as many: each recorded as RDMA and fast enough, none twice.
 */
export function* chosenNics({ seats }: Audit): Generator<Violation> {
  for (const { member, part, node } of seats) {
    const { rdma, gpus } = part?.each ?? {};
    if (rdma === undefined) continue;
    // One NIC for a whole GPU is that of its rail.
    if (gpus !== undefined && gpus.slice === undefined && (rdma.nicsPerGpu ?? 1) === 1) continue;
    const due = gpus === undefined ? 1 : gpus.count * (rdma.nicsPerGpu ?? 1);
    const own = new Set(member.nics);
    if (own.size !== due) yield broken('rdma', `${named(member)} holds ${own.size} NICs, it is due ${due}`);
    for (const number of own) {
      const nic = node.shape.nics[number];
      if (nic?.rdma !== true) yield broken('rdma', `${named(member)}: NIC ${number} is not recorded as RDMA`);
      if ((nic?.mbps ?? -1) < (rdma.nicMbps ?? -1))
        yield broken(
          'rdma',
          `${named(member)}: NIC ${number} has ${nic?.mbps ?? 'unknown'} Mbit/s, asked for ${rdma.nicMbps}`,
        );
    }
  }
}
