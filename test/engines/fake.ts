import type { Engine } from '../../src/engines/port.ts';
import { slurmCompiler } from '../../src/engines/slurm/engine.ts';
import { EngineObject } from '../../src/model/binding.ts';

/** An engine in memory that does what it is told and reads it back. */
export function obedientEngine(): Engine {
  const objects = new Map<string, EngineObject>();
  return {
    ...slurmCompiler,
    probe: () => Promise.resolve({ answers: true, text: 'fake', options: {} }),
    read: ({ id }) =>
      Promise.resolve({
        kind: 'read',
        objects: [...objects.values()].filter(({ key }) => key.includes(id)),
      }),
    apply: (step) => {
      if (step.act === 'remove') objects.delete(step.key);
      else {
        const { key, body } = step.wanted;
        objects.set(key, EngineObject.parse({ key, body: { ...body, isWhole: true, unusable: [] } }));
      }
      return Promise.resolve({ kind: 'done' });
    },
  };
}
