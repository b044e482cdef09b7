import type { HeldSlice } from '../../model/placement.ts';
import type { Claim } from './claims.ts';

/** Memory slices and legal starts on a GPU of 80 GB, from the driver's placement listing. */
const profiles: Readonly<Record<string, readonly [size: number, starts: readonly number[]]>> = {
  '1g.10gb': [1, [0, 1, 2, 3, 4, 5, 6]],
  '1g.10gb+me': [1, [0, 1, 2, 3, 4, 5, 6]],
  '1g.20gb': [2, [0, 2, 4, 6]],
  '2g.20gb': [2, [0, 2, 4]],
  '3g.40gb': [4, [0, 4]],
  '4g.40gb': [4, [0]],
  '7g.80gb': [8, [0]],
};

export const profileNames: readonly string[] = Object.keys(profiles);

type Taken = { readonly what: HeldSlice | 'whole'; readonly holder: string };

/** What is wrong with how the GPUs of one node are divided: at every instant at which something begins. */
export function* gpusDivided(node: string, claims: readonly Claim[]): Generator<string> {
  if (claims.every(({ slices }) => slices.length === 0)) return;
  for (const { startMs } of claims) {
    const there = claims.filter((claim) => claim.startMs <= startMs && startMs < claim.endMs);
    const byGpu = new Map<string, Taken[]>();
    for (const [gpu, taken] of there.flatMap(takenBy)) byGpu.set(gpu, [...(byGpu.get(gpu) ?? []), taken]);
    for (const [gpu, taken] of byGpu) {
      const why = faultOf(taken.map(({ what }) => what));
      if (why !== undefined)
        yield `${node}/${gpu}: ${why}, held by ${taken.map(({ holder }) => holder).join(' ')} at ${startMs}`;
    }
  }
}

function takenBy({ holder, devices, slices, tenant }: Claim): [gpu: string, Taken][] {
  if (tenant === undefined) return [];
  const whole = devices.filter((name) => name.startsWith('gpu'));
  return [
    ...whole.map((gpu): [string, Taken] => [gpu, { what: 'whole', holder }]),
    ...slices.map((what): [string, Taken] => [`gpu${what.gpu}`, { what, holder }]),
  ];
}

function faultOf(there: readonly (HeldSlice | 'whole')[]): string | undefined {
  const cuts = there.flatMap((what) => (what !== 'whole' && what.kind === 'mig' ? [what] : []));
  const milli = there.flatMap((what) => (what !== 'whole' && what.kind === 'share' ? [what.milli] : []));
  if (new Set(there.map((what) => (what === 'whole' ? what : what.kind))).size > 1)
    return 'two modes at once';
  if (milli.reduce((sum, one) => sum + one, 0) > 1000) return 'more than a thousand thousandths';
  if (cuts.some(({ profile, start }) => profiles[profile]?.[1].includes(start) !== true))
    return 'an instance where none may begin';
  const memory = cuts.flatMap(({ profile, start }) =>
    Array.from({ length: profiles[profile]?.[0] ?? 0 }, (_, at) => start + at),
  );
  if (new Set(memory).size < memory.length) return 'a memory slice twice';
  return cuts.filter(({ profile }) => profile.endsWith('+me')).length > 1 ? 'media engines twice' : undefined;
}
