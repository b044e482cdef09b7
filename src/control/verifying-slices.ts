import { profileOf, slotOf } from '../core/calendar/mig.ts';
import type { FleetNode } from '../core/inventory/fleet.ts';
import type { GpuFacts } from '../model/fact.ts';
import type { ContractId } from '../model/id.ts';
import type { HeldSlice, Member } from '../model/placement.ts';

/** One GPU, or a slice of it, for a time. */
export type GpuClaim = {
  readonly contract: ContractId;
  readonly startMs: number;
  readonly endMs: number;
  /** The whole GPU without it. */
  readonly slice?: HeldSlice;
};

/** What a member claims of single GPUs, by their paths. */
export function claimsOf(member: Member, span: Omit<GpuClaim, 'slice'>): [path: string, GpuClaim][] {
  return [
    ...member.gpus.map((gpu): [string, GpuClaim] => [`${member.node}/gpu${gpu}`, span]),
    ...(member.slices ?? []).map((slice): [string, GpuClaim] => [
      `${member.node}/gpu${slice.gpu}`,
      { ...span, slice },
    ]),
  ];
}

/**
 * The contracts of two claims that a GPU cannot keep at one time: of two modes, more than a thousand thousandths,
 * or instances on one memory slice. Nothing when all are kept. The size of an instance is that on the GPU as the
 * fleet knows it now; of a profile that it does not have, only the start counts.
 */
export function slicesClash(
  claims: readonly GpuClaim[],
  node: FleetNode | undefined,
): readonly ContractId[] | undefined {
  if (claims.every(({ slice }) => slice === undefined)) return undefined;
  for (const claim of claims) {
    const there = claims.filter(({ startMs, endMs }) => startMs <= claim.startMs && claim.startMs < endMs);
    const clash = there.find((other) => other !== claim && !areApart(claim, other, node));
    if (clash !== undefined) return [clash.contract, claim.contract];
    const milli = there.reduce((sum, { slice }) => sum + (slice?.kind === 'share' ? slice.milli : 0), 0);
    if (milli > 1000) return [...new Set(there.map(({ contract }) => contract))];
  }
  return undefined;
}

function areApart({ slice: a }: GpuClaim, { slice: b }: GpuClaim, node: FleetNode | undefined): boolean {
  if (a === undefined || b === undefined || a.kind !== b.kind) return false;
  if (a.kind === 'share' || b.kind === 'share') return true;
  const gpu = node?.shape.gpus[a.gpu] ?? {};
  return (memoryOf(gpu, a) & memoryOf(gpu, b)) === 0;
}

function memoryOf(gpu: GpuFacts, { profile, start }: Extract<HeldSlice, { kind: 'mig' }>): number {
  return slotOf(profileOf(gpu, profile) ?? { memory: 1 }, start);
}
