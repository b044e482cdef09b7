import { canonicalJson } from '../../model/canonical.ts';
import type { Demand, GpuNeed, Part, ReplicaNeed } from '../../model/demand.ts';
import { isCounted } from './survival.ts';
import type { Want } from './want.ts';

/**
 * The part whose spares could take the place of any replica that counts: the first in the order of the demand that
 * asks for at least as much of everything as each of the others, on the same GPU model. Parts that are kept together
 * or apart are replaced by their own spares only, as their places are theirs alone. Nothing when no part is like that;
 * then no spare is reserved, and only spreading helps.
 */
export function standInOf(wants: readonly Want[], demand: Demand): Want | undefined {
  const counted = demand.parts.flatMap((part) => {
    const want = wants.find((one) => one.part.name === part.name);
    return want !== undefined && isCounted(part, demand) ? [want] : [];
  });
  return counted.find((want) => counted.every((other) => other === want || replaces(want, other)));
}

function replaces(spare: Want, lost: Want): boolean {
  return spare.model === lost.model && isFree(lost.part) && coversReplica(spare.part.each, lost.part.each);
}

function isFree({ within, apart }: Part): boolean {
  return within === undefined && apart === undefined;
}

/** CPU and memory that are not asked for are a share by GPUs: comparable with one another, not with numbers. */
function coversReplica(spare: ReplicaNeed, lost: ReplicaNeed): boolean {
  return (
    coversAmount(spare.cpuMilli, lost.cpuMilli) &&
    coversAmount(spare.memoryMib, lost.memoryMib) &&
    (spare.storageGib ?? 0) >= (lost.storageGib ?? 0) &&
    (lost.align === undefined || lost.align === spare.align) &&
    coversGpus(spare.gpus, lost.gpus) &&
    coversRdma(spare.rdma, lost.rdma)
  );
}

function coversAmount(spare: number | undefined, lost: number | undefined): boolean {
  return spare === undefined || lost === undefined ? spare === lost : spare >= lost;
}

function coversGpus(spare: GpuNeed | undefined, lost: GpuNeed | undefined): boolean {
  if (spare === undefined || lost === undefined) return lost === undefined;
  const linked = spare.link !== undefined || spare.linkMbps !== undefined;
  return (
    spare.count >= lost.count &&
    canonicalJson(spare.slice ?? null) === canonicalJson(lost.slice ?? null) &&
    (spare.memoryMib ?? 0) >= (lost.memoryMib ?? 0) &&
    (spare.linkMbps ?? 0) >= (lost.linkMbps ?? 0) &&
    (lost.link === undefined || lost.link === spare.link || (lost.link === 'any' && linked))
  );
}

type RdmaNeed = ReplicaNeed['rdma'];

function coversRdma(spare: RdmaNeed, lost: RdmaNeed): boolean {
  if (spare === undefined || lost === undefined) return lost === undefined;
  return (
    (spare.nicMbps ?? 0) >= (lost.nicMbps ?? 0) &&
    (spare.nicsPerGpu ?? 1) >= (lost.nicsPerGpu ?? 1) &&
    (spare.uplinkMbps ?? 0) >= (lost.uplinkMbps ?? 0)
  );
}
