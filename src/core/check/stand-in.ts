import { canonicalJson } from '../../model/canonical.ts';
import type { Part } from '../../model/demand.ts';

/**
 * Whether a replica of one part can do what a replica of another was promised, wherever it stands. Parts that are
 * kept together or apart have only their own spares. A share of a node is not compared with an amount.
 */
export function canStandIn(spare: Part, lost: Part): boolean {
  if (spare.name === lost.name) return true;
  if (lost.within !== undefined || lost.apart !== undefined) return false;
  const [has, needs] = [spare.each, lost.each];
  const sameKind = canonicalJson(has.gpus?.slice ?? null) === canonicalJson(needs.gpus?.slice ?? null);
  const linked = has.gpus?.link !== undefined || has.gpus?.linkMbps !== undefined;
  const linkKept =
    needs.gpus?.link === undefined ||
    (needs.gpus.link === 'any' ? linked : has.gpus?.link === needs.gpus.link);
  const sized = [
    [has.gpus?.count, needs.gpus?.count],
    [has.gpus?.memoryMib, needs.gpus?.memoryMib],
    [has.gpus?.linkMbps, needs.gpus?.linkMbps],
    [has.storageGib, needs.storageGib],
    [has.rdma?.nicMbps, needs.rdma?.nicMbps],
    [has.rdma?.uplinkMbps, needs.rdma?.uplinkMbps],
    [has.rdma?.nicsPerGpu ?? 1, needs.rdma?.nicsPerGpu ?? 1],
  ].every(([own = 0, due = 0]) => own >= due);
  return (
    sameKind &&
    linkKept &&
    sized &&
    (needs.rdma === undefined || has.rdma !== undefined) &&
    (needs.align === undefined || has.align === needs.align) &&
    sameOrMore(has.cpuMilli, needs.cpuMilli) &&
    sameOrMore(has.memoryMib, needs.memoryMib)
  );
}

function sameOrMore(has: number | undefined, needs: number | undefined): boolean {
  if (has === undefined || needs === undefined) return has === needs;
  return has >= needs;
}
