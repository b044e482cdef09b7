import { array, assert, constantFrom, integer, property } from 'fast-check';
import { expect, test } from 'vitest';

import { Bench } from '../../../src/core/place/bench.ts';
import { Rooms } from '../../../src/core/place/rooms.ts';
import { combinations } from '../../../src/core/place/want.ts';
import { seed } from '../arbitrary.ts';
import { demand } from '../demand.ts';
import { world } from '../fleet.ts';
import { calendarsOf, spans } from '../index/holds.ts';

/** Equal nodes, and others that differ in one GPU or NIC that is down. */
const { state } = world(
  'fra1/h1/r1 4×8 H100 nvlink rdma numa2 cpu96 mem512 gpuw700 basew1000 leaf',
  'fra1/h2/r3 2×4 L40S nolink nordma cpu32 mem128 gpuw300 basew400',
  {
    gpus: {
      'fra1/h1/r1/n02/gpu0': { health: 'down' },
      'fra1/h2/r3/n02/gpu1': { health: 'down' },
    },
    nics: { 'fra1/h1/r1/n03/nic1': { health: 'down' } },
    racks: { 'fra1/h1/r1': { feedLimitW: { A: 16_000, B: 16_000 } } },
  },
);
const texts = [
  '9×2 nvlink',
  '9×3 nvlink rdma',
  '9×2 align:numa',
  '9×1 H100 share:500',
  '9×cpu8 mem8 disk0',
  '9×8 H100 rdma',
] as const;

test('equal nodes give the seats that a scan finds on each, whoever asked before', () => {
  let seated = 0;
  assert(
    property(
      array(calendarsOf(state), { minLength: 1, maxLength: 2 }),
      spans,
      constantFrom(...texts),
      array(integer({ min: 0, max: 5 }), { minLength: 4, maxLength: 16 }),
      (calendars, span, text, visits) => {
        const asked = demand(text);
        for (const wants of combinations(asked, state.fleet.models)) {
          // One want on several calendars: what is remembered of it must be true on all of them.
          for (const calendar of calendars) {
            const [scanned, indexed] = [true, false].map(
              (isPlain) => new Bench(new Rooms({ ...state, calendar }, span, { isPlain }), asked),
            );
            for (const [replica, at] of visits.entries()) {
              const [node, want] = [state.fleet.nodes[at], wants[0]];
              if (node === undefined || want === undefined) throw new Error('a node and a want');
              const member = scanned?.put(node, want, replica);
              expect(indexed?.put(node, want, replica)).toEqual(member);
              expect(indexed?.freeGpus(node, want)).toBe(scanned?.freeGpus(node, want));
              if (member !== undefined) seated++;
            }
          }
        }
      },
    ),
    { seed, numRuns: 150 },
  );
  expect(seated).toBeGreaterThan(500);
});
