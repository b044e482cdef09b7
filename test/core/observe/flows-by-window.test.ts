import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { dataHeld, flowsOf } from '../../../src/core/observe/flows.ts';
import { Placement } from '../../../src/model/placement.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { placement } from '../placement.ts';
import { blamed, held, lensOf, shown, termOf } from './sight.ts';

const fleet = world('fra1/h1/r1 3×4 H100');
const path = (node: number) => `fra1/h1/r1/n0${node}`;
const flows = termOf('bandwidth', { promise: 'flows on data NICs of 2 nodes' });

/** 50 Gbit/s are held on the first node, and 20 on the second; beside them on fabrics that no node counts for. */
function flowing(more: object = {}) {
  const members = placement(24, ...[1, 2].map((node, at) => `train ${at} ${path(node)} gpu0`));
  const bandwidth = [
    { fabric: 'wan', edge: 'fra1/wan-1', mbps: 7 },
    { fabric: 'data', edge: path(1), mbps: 50 },
    { fabric: 'data', edge: path(2), mbps: 20 },
    { fabric: 'storage', edge: 'fra1/pool-1', mbps: 9 },
  ];
  return held(fleet, demand('2×1 H100', more), Placement.parse({ ...members, bandwidth }));
}

const shared = flowing();
const link = (node: number, values: string) => `r1/n0${node} data-link-mbps ${values}`;
const used = (node: number, values: string) => `r1/n0${node} data-used-mbps ${values}`;

const text = (values: readonly (number | null)[]) => values.map((value) => value ?? '-').join(' ');

describe('flows on data NICs, window by window', () => {
  test('are those of nodes: uplinks, links between sites and pools are counted elsewhere', () => {
    expect(dataHeld(shared.placement).map(({ edge, mbps }) => `${edge} ${mbps}`)).toEqual([
      `${path(1)} 50`,
      `${path(2)} 20`,
    ]);
    expect(dataHeld(placement(24, `train 0 ${path(1)} gpu0`))).toEqual([]);
  });

  test.each<readonly [string, readonly string[], string]>([
    [
      'room for all beside what was used, to the last Mbit/s',
      [
        link(1, '100 100 100 100 100'),
        link(2, '100 100 100 100 100'),
        used(1, '50 50 50 50 50'),
        used(2, '80 80 80 80 80'),
      ],
      `kkkkk: links of 2 of 2 nodes carry their flows; ${path(2)} used 80 of 100 Mbit/s at most, 20 promised`,
    ],
    [
      'one Mbit/s too many used, by whomever',
      [
        link(1, '100 100 100 100 100'),
        link(2, '100 100 100 100 100'),
        used(1, '50 51 50 50 50'),
        used(2, '0 0 0 0 0'),
      ],
      `k.kkk: links of 2 of 2 nodes carry their flows; ${path(1)} used 51 of 100 Mbit/s at most, 50 promised`,
    ],
    [
      'a link that carries exactly what is promised',
      [link(1, '50 50 50 50 50'), link(2, '20 20 20 20 20'), used(1, '0 0 0 0 0'), used(2, '0 0 0 0 0')],
      `kkkkk: links of 2 of 2 nodes carry their flows; ${path(1)} used 0 of 50 Mbit/s at most, 50 promised`,
    ],
    [
      'a link that carries one less, at its worst',
      [
        link(1, '100 49 48 100 100'),
        link(2, '100 100 100 100 100'),
        used(1, '0 0 0 0 0'),
        used(2, '0 0 0 0 0'),
      ],
      `kxxkk: links of 1 of 2 nodes carry their flows: ${path(1)} carries 48 of 50 Mbit/s`,
    ],
    [
      'both too slow, of which the first is named',
      [link(1, '10 10 10 10 10'), link(2, '10 10 10 10 10')],
      `xxxxx: links of 0 of 2 nodes carry their flows: ${path(1)} carries 10 of 50 Mbit/s`,
    ],
    [
      'a link that answers once is a link that answers',
      [link(2, '- - 19 - -')],
      `..x..: links of 1 of 2 nodes carry their flows: ${path(2)} carries 19 of 20 Mbit/s`,
    ],
    [
      'of equally busy ones the first is told, with the slowest that its link was',
      [
        link(1, '100 90 100 100 100'),
        link(2, '60 60 60 60 60'),
        used(1, '30 0 0 0 0'),
        used(2, '0 30 0 0 0'),
      ],
      `kkkkk: links of 2 of 2 nodes carry their flows; ${path(1)} used 30 of 90 Mbit/s at most, 50 promised`,
    ],
    [
      'a busy one whose link is not known is told without it',
      [link(1, '100 100 100 100 100'), used(1, '0 0 0 0 0'), used(2, '3 3 3 3 3')],
      `.....: links of 2 of 2 nodes carry their flows; ${path(2)} used 3 Mbit/s at most, 20 promised`,
    ],
    [
      'nothing of what was used',
      [link(1, '100 100 100 100 100'), link(2, '100 100 100 100 100')],
      '.....: links of 2 of 2 nodes carry their flows; what was used is not known',
    ],
  ])('%s', (_, lines, expected) => {
    expect(shown(shared, flows, ...lines)).toBe(expected);
  });

  test.each([
    ['the isolation of its node', 'node', true],
    ['that of the rack', 'rack', true],
    ['sharing', 'shared', false],
  ])('nobody else uses the NICs where it asked for %s', (_, isolation, isAlone) => {
    const busy = [1, 2].flatMap((node) => [link(node, '60 60 60 60 60'), used(node, '60 60 60 60 60')]);
    expect(shown(flowing({ isolation }), flows, ...busy).slice(0, 5)).toBe(isAlone ? 'kkkkk' : '.....');
    expect(shown(flowing({ isolation }), flows, link(1, '49 49 49 49 49')).slice(0, 5)).toBe('xxxxx');
  });

  test('all slow nodes are blamed, so that a remedy leaves them', () => {
    expect(blamed(shared, flows, link(1, '100 100 49 100 100'), link(2, '9 9 9 9 9'))).toEqual([
      path(1),
      path(2),
    ]);
    expect(blamed(shared, flows, link(1, '100 100 100 100 100'), link(2, '9 9 9 9 9'))).toEqual([path(2)]);
  });

  test('only the links tell: what was used alone is no measure, nor is another node', () => {
    const unmeasured = '-: counters say what was used, not what was to be had';
    expect(shown(shared, flows, used(1, '1 1 1 1 1'))).toBe(unmeasured);
    expect(shown(shared, flows, link(3, '1 1 1 1 1'))).toBe(unmeasured);
    const uplinks = termOf('bandwidth', { promise: 'uplinks of 2 leaf switches' });
    expect(shown(shared, uplinks, link(1, '1 1 1 1 1'))).toBe(unmeasured);
  });

  test('each window stands for itself, and the worst node for the window', () => {
    const speed = fc.constantFrom(null, 0, 19, 20, 49, 50, 70, 100);
    const five = fc.array(speed, { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(five, five, five, five, fc.boolean(), (link1, link2, used1, used2, isAlone) => {
        const contract = flowing(isAlone ? { isolation: 'node' } : {});
        const lens = lensOf(
          contract,
          link(1, text(link1)),
          link(2, text(link2)),
          used(1, text(used1)),
          used(2, text(used2)),
        );
        const seen = flowsOf(contract, lens);
        const stands = (at: number) => {
          const nodes = [
            { mbps: 50, carries: link1[at] ?? null, uses: used1[at] ?? null },
            { mbps: 20, carries: link2[at] ?? null, uses: used2[at] ?? null },
          ];
          if (nodes.some(({ mbps, carries }) => carries !== null && carries < mbps)) return 'broken';
          const hasRoom = nodes.every(
            ({ mbps, carries, uses }) =>
              carries !== null && (isAlone || (uses !== null && uses + mbps <= carries)),
          );
          return hasRoom ? 'kept' : undefined;
        };
        const isSilent = [...link1, ...link2].every((value) => value === null);
        expect('glances' in seen ? seen.glances : 'silent').toEqual(
          isSilent ? 'silent' : [0, 1, 2, 3, 4].map(stands),
        );
      }),
      { seed: 41, numRuns: 150 },
    );
  });
});
