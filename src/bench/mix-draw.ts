import { drawFleet, mixFleets, type MixFleet, sumOfFleet } from './mix-fleets.ts';
import { type Mix, usualShares, type Weighted } from './mixes.ts';
import type { Random } from './random.ts';

/** What is scarce or odd in a random mix. */
export const mixFamilies = [
  'plain',
  'typed',
  'multi-gpu',
  'cpu-scarce',
  'memory-scarce',
  'odd-shares',
  'all',
] as const;
export type MixFamily = (typeof mixFamilies)[number];

/** A random mix of the family, on a named fleet or on a random one. The same draws give the same mix. */
export function drawMix(family: MixFamily, random: Random): Mix {
  const fleets = [...Object.entries(mixFleets), ['random', drawFleet(random)] as const];
  const [fleetName, fleet] = fleets[random.below(fleets.length)] ?? ['eights', mixFleets.eights];
  const is = (other: MixFamily) => family === other || family === 'all';
  const { cpuMilli, memoryMib, gpuMilli } = sumOfFleet(fleet);
  const cpusOfGpu = (cpuMilli * 1000) / gpuMilli;
  const memoryOfCpu = (memoryMib * 1000) / cpuMilli;
  return {
    name: `${family}/${fleetName}`,
    fleet,
    cpuOnly: is('cpu-scarce') ? 5 + random.below(36) : random.below(25),
    gpus: drawGpus(fleet, is('multi-gpu'), random),
    typed: is('typed') ? 5 + random.below(36) : 0,
    names: random.below(2) === 0 ? 'in-proportion' : 'scarce-most',
    shares: is('odd-shares') && random.below(2) === 0 ? 'odd' : drawShares(is('odd-shares'), random),
    cpuMilliPerGpu: spread(cpusOfGpu, is('cpu-scarce') ? [40, 140] : [20, 90], random),
    memoryMibPerCpu: spread(memoryOfCpu, is('memory-scarce') ? [70, 220] : [20, 80], random),
  };
}

/** Requests for more GPUs than a node of the fleet has are not drawn. */
function drawGpus(fleet: MixFleet, isMulti: boolean, random: Random): Mix['gpus'] {
  const most = Math.max(...fleet.map(({ gpuCount }) => gpuCount));
  const weight = (gpuCount: number) => (gpuCount > most ? 0 : random.below(isMulti ? 40 : 4));
  return {
    share: random.below(100),
    one: 10 + random.below(90),
    two: weight(2),
    four: weight(4),
    eight: weight(8),
  };
}

function drawShares(isOdd: boolean, random: Random): Weighted<number> {
  if (!isOdd) return usualShares.map(([milli]) => [milli, 1 + random.below(30)]);
  return Array.from({ length: 3 + random.below(10) }, () => [
    50 + 10 * random.below(94),
    1 + random.below(30),
  ]);
}

/** Two to five figures from so many percent of what the fleet has to so many, with weights. */
function spread(
  has: number,
  [from, to]: readonly [percent: number, percent: number],
  random: Random,
): Weighted<number> {
  return Array.from({ length: 2 + random.below(4) }, () => {
    const percent = from + random.below(to - from);
    return [Math.max(1, Math.floor((has * percent) / 100)), 1 + random.below(30)] as const;
  });
}
