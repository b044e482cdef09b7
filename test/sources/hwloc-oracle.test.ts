import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { localityOf } from '../../src/sources/hwloc/cpu.ts';
import {
  addressOf,
  type HwlocObject,
  type HwlocTopology,
  readTopology,
} from '../../src/sources/hwloc/tree.ts';
import { capture } from './given.ts';

const folder = fileURLToPath(new URL('../data/hwloc/', import.meta.url));
const oracles = globSync('*.oracle.tsv', { cwd: folder }).toSorted();
const version2 = globSync('*.v2.xml', { cwd: folder })
  .filter((name) => !name.startsWith('synthetic'))
  .toSorted();

/** What Berth answers about every OS device of a file, a line each: device, NUMA nodes, packages, hardware threads. */
function answers(topology: HwlocTopology): string[] {
  return topology.objects
    .filter(({ type }) => type === 'OSDev')
    .map((device) => {
      const { numa, packages, pus } = localityOf(topology, device);
      return [device.name, numa.join(','), packages.join(','), pus.join(',')].join('\t');
    });
}

test('there are answers of the real tools to compare with', () => {
  expect(oracles).toEqual([
    '24em64t-2n6c2t-pci.v2.oracle.tsv',
    '32em64t-2n8c2t-pci-normalio.v2.oracle.tsv',
    'nvidiaDGX2.v2.oracle.tsv',
  ]);
});

test.each(oracles)('%s: every answer is that of the real tools, in their order', (oracle) => {
  const [, ...lines] = readFileSync(`${folder}${oracle}`, 'utf8').trimEnd().split('\n');
  const own = answers(readTopology(capture(`hwloc/${oracle.replace('.oracle.tsv', '.xml')}`)));
  expect(own.toSorted()).toEqual(lines.toSorted());
});

const installed = spawnSync('hwloc-calc', ['--version'], { encoding: 'utf8' });
const isThere = installed.status === 0;

describe('beside hwloc-calc itself', () => {
  test.runIf(isThere)('is installed; without it, `apt install hwloc` and run this again to compare', () => {
    expect(installed.stdout).toMatch(/^hwloc-calc /u);
  });

  test.runIf(isThere).each(version2)(
    '%s: the same answers about OS and PCI devices',
    (name) => {
      const topology = readTopology(capture(`hwloc/${name}`));
      const devices = askable(topology);
      const own = devices.map(({ asked, device }) =>
        [asked, ...Object.values(localityOf(topology, device))].join('\t'),
      );
      const theirs = devices.map(({ asked }) =>
        [asked, ...['numanode', 'package', 'pu'].map((level) => calc(name, level, asked))].join('\t'),
      );
      expect(own).toEqual(theirs);
    },
    60_000,
  );

  test.runIf(isThere)('it refuses XML 3, and the same machine in both versions gets the same answers', () => {
    expect(spawnSync('hwloc-calc', ['-i', `${folder}nvidiaDGX2.v3.xml`, 'all']).status).not.toBe(0);
  });
});

/** Devices as `hwloc-calc` can be asked for them; not those whose PCI address is that of another one too. */
function askable({ objects }: HwlocTopology): { asked: string; device: HwlocObject }[] {
  const addresses = objects.flatMap((object) => (object.type === 'PCIDev' ? (addressOf(object) ?? []) : []));
  return objects.flatMap((device) => {
    if (device.type === 'OSDev') return [{ asked: `os=${device.name}`, device }];
    const address = device.type === 'PCIDev' ? addressOf(device) : undefined;
    const isOne = addresses.filter((other) => other === address).length === 1;
    return isOne ? [{ asked: `pci=${address}`, device }] : [];
  });
}

function calc(file: string, level: string, asked: string): string {
  const run = spawnSync('hwloc-calc', ['-i', `${folder}${file}`, '--po', '-I', level, asked], {
    encoding: 'utf8',
  });
  return run.stdout.trim();
}

test('both versions of one machine give the same answers', () => {
  const [two, three] = ['hwloc/nvidiaDGX2.v2.xml', 'hwloc/nvidiaDGX2.v3.xml'].map((path) =>
    answers(readTopology(capture(path))),
  );
  expect(two).toHaveLength(16);
  expect(three).toEqual(two);
});
