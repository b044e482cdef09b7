import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { BerthError } from '../../src/model/error.ts';
import type { Observation, ShapeFacts, SiteFacts } from '../../src/model/fact.ts';
import { cloud } from '../../src/sources/cloud/cloud.ts';
import { microOf, milliOf } from '../../src/sources/cloud/machine.ts';
import type { ImportContext } from '../../src/sources/source.ts';
import { capture, file, parsed, refusal, whyUnknown, withoutLines } from './given.ts';

const header = 'InstanceType,AcceleratorName,AcceleratorCount,vCPUs,MemoryGiB,Price,Region,GpuInfo,SpotPrice';

type Row = {
  readonly type?: string;
  readonly gpu?: string;
  readonly count?: string;
  readonly cpu?: string;
  readonly memory?: string;
  readonly price?: string;
  readonly region?: string;
  readonly size?: number;
};

function line({
  type = 't1',
  gpu = '',
  count = '',
  cpu = '8',
  memory = '32',
  price = '1',
  region = 'r1',
  size,
}: Row): string {
  const info = size === undefined ? '' : `"{'Gpus': [{'MemoryInfo': {'SizeInMiB': ${size}}}]}"`;
  return [type, gpu, count, cpu, memory, price, region, info, '0.1'].join(',');
}

const csv = (...rows: readonly Row[]) => file('vms.csv', [header, ...rows.map(line)].join('\n'));
const read = (rows: readonly Row[], context: Partial<ImportContext> = {}) =>
  parsed(cloud, [csv(...rows)], context);

function shapeIn(observation: Observation, subject: string): ShapeFacts {
  return observation.facts.reduce<ShapeFacts>(
    (set, fact) => (fact.kind === 'shape' && fact.subject === subject ? { ...set, ...fact.set } : set),
    {},
  );
}

function siteIn(observation: Observation): SiteFacts | undefined {
  return observation.facts.flatMap((fact) => (fact.kind === 'site' ? [fact.set] : []))[0];
}

const priced = { site: 'r1', eurPerUsd: '0.5' };

describe('captures', () => {
  test('Nebius: the form is in the name of the type; prices of one region in euros', () => {
    const evidence = [capture('cloud/skypilot-nebius-vms.csv')];
    const observation = parsed(cloud, evidence, { site: 'hel1', region: 'eu-north1', eurPerUsd: '0.92' });
    expect(observation.facts.filter(({ kind }) => kind === 'site')).toHaveLength(1);
    expect(shapeIn(observation, 'gpu-h100-sxm_8gpu-128vcpu-1600gb')).toEqual({
      cpuMilli: 128_000,
      memoryMib: 1_638_400,
      gpus: Array.from({ length: 8 }, () => ({ model: 'H100-SXM-80GB' })),
      link: 'nvlink',
    });
    expect(siteIn(observation)).toEqual({
      gpuPrices: { 'H100-SXM-80GB': 2_714_000, 'H200-SXM-141GB': 3_220_000, 'L40S-48GB': 2_531_472 },
      cpuPriceMicroEurPerHour: 22_816,
      priceBook: 'skypilot-nebius-vms.csv: eu-north1, on demand, 1 USD = 0.92 EUR',
    });
    expect(observation.assumptions).toContain(
      'one L40S-48GB costs 1.548 to 2.751 USD an hour, by machine type; the highest counts',
    );
  });

  test('Karpenter’s tables of AWS: 32 accelerated types, forms by family, no prices', () => {
    const evidence = [capture('cloud/karpenter-aws-accelerated-a.json')];
    const observation = parsed(cloud, evidence, priced);
    expect(new Set(observation.facts.map(({ subject }) => subject)).size).toBe(32);
    expect(shapeIn(observation, 'p4d.24xlarge')).toMatchObject({
      cpuMilli: 95_690,
      memoryMib: 1_082_712,
      link: 'nvlink',
    });
    expect(shapeIn(observation, 'p4d.24xlarge').gpus?.map(({ model }) => model)).toEqual(
      Array.from({ length: 8 }, () => 'A100-SXM4-40GB'),
    );
    expect(shapeIn(observation, 'g5.12xlarge').gpus?.[0]).toEqual({ model: 'A10G-24GB', memoryMib: 22_888 });
    expect(shapeIn(observation, 'trn1.32xlarge').gpus).toHaveLength(16);
    expect(siteIn(observation)).toBeUndefined();
    expect(whyUnknown(observation, 'r1', 'gpuPrices')).toBe(
      'no price for a GPU that is named, nor for cores',
    );
  });

  test('Karpenter’s list for simulations: counts without names, prices by zone', () => {
    const evidence = [capture('cloud/karpenter-kwok-instance-types.json')];
    const observation = parsed(cloud, evidence, { site: 'us-east-1', eurPerUsd: '1' });
    expect(shapeIn(observation, 'p5.48xlarge')).toMatchObject({
      cpuMilli: 192_000,
      memoryMib: 2_097_152,
      storageGib: 3800,
    });
    expect(shapeIn(observation, 'p5.48xlarge').gpus).toHaveLength(8);
    expect(whyUnknown(observation, 'p5.48xlarge', 'gpuModel')).toBe('the catalogue does not name the GPU');
    expect(siteIn(observation)).toBeUndefined();
  });
});

describe('prices', () => {
  test('a GPU costs its part of the machine, rounded up; the highest machine type counts', () => {
    const rows = [
      { type: 'a', gpu: 'L4', count: '3', price: '1.000001' },
      { type: 'b', gpu: 'L4', count: '1', price: '0.333333' },
      { type: 'c', gpu: 'T4', count: '2.0', price: '7' },
    ];
    // 1.000001 / 3 × 0.5 = 0.16666683…; 0.333333 is less.
    expect(siteIn(read(rows, priced))?.gpuPrices).toEqual({ 'L4-24GB': 166_667, 'T4-16GB': 1_750_000 });
  });

  test('dollars without a rate are no euros, and nothing is guessed', () => {
    const observation = read([{ gpu: 'L4', count: '1' }], { site: 'r1' });
    expect(siteIn(observation)).toBeUndefined();
    expect(whyUnknown(observation, 'r1', 'gpuPrices')).toContain('pass `--eur-per-usd`');
  });

  test.each(['0', '-1', 'one', '', '1e3', '0.0000001'])('the rate %j is refused', (eurPerUsd) => {
    expect(refusal(() => read([{}], { site: 'r1', eurPerUsd })).message).toContain('euros for a dollar');
  });

  test('without a site no prices are recorded, and that is said', () => {
    const observation = read([{ gpu: 'L4', count: '1' }], { eurPerUsd: '1' });
    expect(observation.facts.every(({ kind }) => kind === 'shape')).toBe(true);
    expect(observation.assumptions.join(' ')).toContain('prices are not recorded: pass `--site`');
  });

  test('only the region’s own rows count, and rows of price 0 do not', () => {
    const rows = [
      { type: 'a', gpu: 'L4', count: '1', price: '9', region: 'r2' },
      { type: 'a', gpu: 'L4', count: '1', price: '1' },
      { type: 'b', gpu: 'T4', count: '1', price: '0' },
      { type: 'c', gpu: 'A30', count: '1', price: '' },
    ];
    expect(siteIn(read(rows, priced))?.gpuPrices).toEqual({ 'L4-24GB': 500_000 });
  });

  test('cores are priced by machines without GPUs', () => {
    const rows = [
      { type: 'a', cpu: '4.0', price: '0.2' },
      { type: 'b', cpu: '8', price: '0.5' },
    ];
    expect(siteIn(read(rows, priced))).toMatchObject({ cpuPriceMicroEurPerHour: 31_250 });
  });

  test('a site that is no region is told which there are; a region that is none is refused', () => {
    const observation = read([{ gpu: 'L4', count: '1' }], { ...priced, site: 'fra1' });
    expect(whyUnknown(observation, 'fra1', 'gpuPrices')).toBe(
      'no region is called `fra1`: pass `--region` with one of r1',
    );
    const { message, didYouMean } = refusal(() =>
      read([{ region: 'eu-north1' }], { ...priced, region: 'eu-north2' }),
    );
    expect(message).toContain('no machine types in the region `eu-north2`');
    expect(didYouMean).toBe('eu-north1');
  });
});

describe('machine types', () => {
  test.each([
    ['gpu_1x_h100_pcie', 'H100', 81_920, 'H100-PCIE-80GB'],
    ['gpu_1x_h100_sxm5', 'H100', 81_920, 'H100-SXM-80GB'],
    ['gpu_8x_a100', 'A100', 40_960, 'A100-40GB'],
    ['p5.48xlarge', 'h100', 81_920, 'H100-SXM-80GB'],
    ['p6-b200.48xlarge', 'b200', 183_359, 'B200-SXM-180GB'],
    ['g6e.xlarge', 'l40s', 45_776, 'L40S-48GB'],
    ['x', 'Weird GPU', undefined, 'Weird-GPU'],
  ])('%s with %s of %s MiB has %s', (type, gpu, size, model) => {
    const observation = read([{ type, gpu, count: '1', ...(size === undefined ? {} : { size }) }]);
    expect(shapeIn(observation, type).gpus?.[0]?.model).toBe(model);
  });

  test.each([
    ['measured', 183_359, 183_359, undefined],
    ['nominal', 81_920, undefined, 'nominal size (80 GiB)'],
    ['missing', undefined, undefined, 'no GPU memory'],
  ])('memory that is %s', (_, size, memoryMib, why) => {
    const observation = read([{ gpu: 'B200', count: '1', ...(size === undefined ? {} : { size }) }]);
    expect(shapeIn(observation, 't1').gpus?.[0]?.memoryMib).toBe(memoryMib);
    expect(whyUnknown(observation, 't1', 'gpuMemoryMib') ?? '').toContain(why ?? '');
  });

  test('offers that differ between regions leave open what differs', () => {
    const observation = read([{ cpu: '8' }, { cpu: '16', region: 'r2' }]);
    expect(shapeIn(observation, 't1')).toEqual({ memoryMib: 32_768 });
    expect(whyUnknown(observation, 't1', 'cpuMilli')).toContain('differ between regions');
  });

  test('names that cannot stand in a path keep apart', () => {
    const observation = read([{ type: 'Standard_ND96isr v5' }, { type: 'Standard_ND96isr/v5' }]);
    const subjects = observation.facts.map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(2);
    expect(read([{ type: 'Standard_ND96isr_H100_v5' }]).facts[0]?.subject).toBe('standard_nd96isr_h100_v5');
  });

  test('more GPUs than a node can have are left open', () => {
    const observation = read([{ gpu: 'L4', count: '64' }]);
    expect(shapeIn(observation, 't1').gpus).toBeUndefined();
    expect(whyUnknown(observation, 't1', 'gpuCount')).toContain('64 GPUs');
  });
});

describe('what is handed in', () => {
  test.each([
    ['', 'empty'],
    [header, 'has a header and no machine types'],
    [header.replace('Price', 'Cost'), 'the column `Price` is missing'],
    [`${header},Region`, 'a column is named twice'],
    [`${header}\n,L4,1,1,1,1,r1,,`, 'line 2: names no `InstanceType`'],
    [`${header}\na,L4,1,many,1,1,r1,,`, 'line 2: `vCPUs` is `many`, not a number'],
    [`${header}\na,L4,1,1,1,-1,r1,,`, 'line 2: `Price` is `-1`'],
    [`${header}\na,L4,1`, 'line 2: not well-formed CSV'],
    [`${header}\na,"L4,1,1,1,1,r1,,`, 'not well-formed CSV'],
    ['{}', 'lists no machine types'],
    ['[]', 'lists no machine types'],
    ['{"a": 1}', 'lists no machine types'],
    ['[{"name": "a"}]', 'lists no machine types'],
    ['{"a": {"labels":', 'not well-formed JSON'],
    ['kind: Node\nmetadata: {name: a}\n', 'looks like Kubernetes nodes'],
  ])('%j is refused', (text, message) => {
    expect(refusal(() => parsed(cloud, [file('vms.csv', text)])).message).toContain(message);
  });

  test('the order of the rows changes nothing', () => {
    const rows: readonly Row[] = [
      { type: 'a', gpu: 'L4', count: '1', price: '1' },
      { type: 'b', gpu: 'L4', count: '2', price: '3' },
      { type: 'c', cpu: '2', price: '0.1' },
      { type: 'd', gpu: 'T4', count: '4', size: 15_360, price: '2' },
    ];
    const expected = withoutLines(read(rows, priced));
    fc.assert(
      fc.property(fc.shuffledSubarray([...rows], { minLength: 4 }), (shuffled) => {
        expect(withoutLines(read(shuffled, priced))).toEqual(expected);
      }),
      { seed: 20_261_122, numRuns: 24 },
    );
  });

  test.each([
    ['skypilot-lambda-vms-excerpt.csv', 1],
    ['karpenter-kwok-instance-types.json', 1],
    ['karpenter-aws-accelerated-a.json', 997],
  ])('%s, cut off at every %i. byte, is refused or says less', (name, step) => {
    const { bytes } = capture(`cloud/${name}`);
    const most = parsed(cloud, [file('f', bytes)]).facts.length;
    const counts = { read: 0, refused: 0 };
    for (let end = 0; end < bytes.length; end += step) {
      const count = factCount(bytes.slice(0, end));
      counts[count === undefined ? 'refused' : 'read'] += 1;
      expect(count ?? 0).toBeLessThanOrEqual(most);
    }
    expect(counts.refused).toBeGreaterThan(0);
  });
});

function factCount(bytes: Uint8Array): number | undefined {
  try {
    return parsed(cloud, [file('f', bytes)]).facts.length;
  } catch (error) {
    if (error instanceof BerthError) return undefined;
    throw error;
  }
}

test('decimal numbers are read exactly', () => {
  expect(['2.95', '0.0000019', '123456789', '4.'].map(microOf)).toEqual([
    2_950_000n,
    1n,
    123_456_789_000_000n,
    undefined,
  ]);
  expect(['4.0', '0.125', '-1', '1e3'].map(milliOf)).toEqual([4000, 125, undefined, undefined]);
});
