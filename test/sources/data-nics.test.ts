import { assert, integer, property, uniqueArray } from 'fast-check';
import { describe, expect, test } from 'vitest';

import { linkMbps, useOf } from '../../src/sources/prometheus/flow-nics.ts';
import type { Sample } from '../../src/sources/prometheus/sample.ts';
import { readExposition } from '../../src/sources/prometheus/text.ts';

const begin = 1_795_600_000;

/** As node_exporter writes them: `eth0 receive_bytes_total 5 @30`. */
function samples(...lines: readonly string[]): readonly Sample[] {
  const text = lines.map((line) => {
    const [device = '', metric = '', value = '', at = '@0'] = line.split(' ');
    return `node_network_${metric}{device="${device}",instance="n01:9100"} ${value} ${begin + Number(at.slice(1))}`;
  });
  return readExposition({ file: 'm.om', bytes: new Uint8Array() }, `${text.join('\n')}\n# EOF\n`);
}

const both = (device: string, bytes: number, at: number) => [
  `${device} receive_bytes_total ${bytes} @${at}`,
  `${device} transmit_bytes_total 0 @${at}`,
];

const mbps = (names: readonly string[], ...lines: readonly string[]) =>
  useOf(names, samples(...lines)).map((use) => use.mbps);

describe('what links carry', () => {
  test.each([
    ['a speed in bytes a second', ['eth0 speed_bytes 12500000000'], 100_000],
    ['the least of several', ['eth0 speed_bytes 12500000000', 'eth0 speed_bytes 3125000000 @30'], 25_000],
    ['a speed that the driver does not know', ['eth0 speed_bytes -125000'], undefined],
    ['no carrier', ['eth0 speed_bytes -125000', 'eth0 carrier 0'], 0],
    ['another device', ['eth1 speed_bytes 12500000000'], undefined],
    ['nothing', [], undefined],
  ])('%s', (_, lines, carried) => {
    expect(linkMbps(['eth0'], samples(...lines))).toBe(carried);
  });

  test('of two NICs is the sum, and of one that is down and one that is not the other', () => {
    const up = ['eth0 speed_bytes 12500000000', 'eth1 speed_bytes 1250000000'];
    expect(linkMbps(['eth0', 'eth1'], samples(...up))).toBe(110_000);
    expect(linkMbps(['eth0', 'eth1'], samples(...up, 'eth0 carrier 0'))).toBe(10_000);
    expect(linkMbps(['eth0', 'eth2'], samples(...up))).toBeUndefined();
  });
});

describe('what went over them', () => {
  test('is both directions between two scrapes, rounded up', () => {
    const lines = [
      ...both('eth0', 0, 0),
      'eth0 receive_bytes_total 125000000 @10',
      'eth0 transmit_bytes_total 125000001 @10',
    ];
    expect(mbps(['eth0'], ...lines)).toEqual([201]);
  });

  test('begins anew where a counter fell: a machine that was restarted used nothing negative', () => {
    expect(mbps(['eth0'], ...both('eth0', 9e12, 0), ...both('eth0', 125_000_000, 10))).toEqual([100]);
  });

  test('is not known of one scrape, nor where a NIC or a direction is silent', () => {
    expect(mbps(['eth0'], ...both('eth0', 5, 0))).toEqual([]);
    expect(mbps(['eth0', 'eth1'], ...both('eth0', 5, 0), ...both('eth0', 9, 10))).toEqual([]);
    expect(mbps(['eth0'], 'eth0 receive_bytes_total 5 @0', 'eth0 receive_bytes_total 9 @10')).toEqual([]);
  });

  test('the same scrape twice, in any order, counts once', () => {
    const lines = [...both('eth0', 125_000_000, 10), ...both('eth0', 0, 0), ...both('eth0', 125_000_000, 10)];
    expect(mbps(['eth0'], ...lines)).toEqual([100]);
  });

  test('sums up to what the counter grew by, however it is scraped', () => {
    assert(
      property(uniqueArray(integer({ min: 1, max: 299 }), { maxLength: 12 }), (times) => {
        const at = [0, ...times.toSorted((a, b) => a - b), 300];
        const uses = useOf(
          ['eth0'],
          samples(...at.flatMap((second) => both('eth0', second * 125_000, second))),
        );
        expect(uses.every((use) => use.mbps === 1)).toBe(true);
        expect(uses).toHaveLength(at.length - 1);
      }),
    );
  });
});
