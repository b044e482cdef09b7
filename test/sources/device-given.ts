import type { GpuFacts, Observation } from '../../src/model/fact.ts';

/** All attributes of one GPU, whatever fact they stand in. */
export function gpuAt(observation: Observation, path: string): GpuFacts {
  return observation.facts.reduce<GpuFacts>(
    (set, fact) => (fact.kind === 'gpu' && fact.subject === path ? { ...set, ...fact.set } : set),
    {},
  );
}
