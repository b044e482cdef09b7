import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { Placement } from '../../../src/model/placement.ts';
import { planned, take } from '../acts.ts';
import { demand } from '../demand.ts';
import { verdictAll } from '../fleet.ts';
import { threeSites } from './sites.ts';

const on = threeSites();
const wish = demand('train: 1×8 H100 at:hpc + load: 1×cpu4 mem4 + infer: 2×1 L4 kind:edge 24h', {
  flows: [{ from: 'train', to: 'infer', mbps: 400, latencyMs: 10 }],
});
const { placement } = planned(on, wish).plan;

/** What the auditor says to the placement that was planned, with one thing wrong about it. */
function faults(change: (held: Placement) => object, asked = wish, state = on.state): readonly string[] {
  const held = Placement.parse({ ...placement, ...change(placement) });
  return check(state, asked, verdictAll(state, 'allowed'), held).map(
    ({ constraint, note }) => `${constraint}: ${note}`,
  );
}

const moved = (part: string, node: string) => (held: Placement) => ({
  members: held.members.map((member) => (member.part === part ? { ...member, node } : member)),
});

const wan = (edges: readonly (readonly [string, number])[]) => (held: Placement) => ({
  bandwidth: [
    ...(held.bandwidth ?? []).filter(({ fabric }) => fabric !== 'wan'),
    ...edges.map(([edge, mbps]) => ({ fabric: 'wan', edge, mbps })),
  ],
});

describe('the auditor of a placement over several sites', () => {
  test('finds nothing wrong with what was planned', () => {
    expect(faults(() => ({}))).toEqual([]);
  });

  test.each([
    [
      'a part outside its own place',
      moved('train', 'cloud/h1/c1/n01'),
      'where: `train` 0 on cloud/h1/c1/n01 is outside hpc',
    ],
    [
      'a part at a site of another kind',
      moved('infer', 'cloud/h1/c1/n02'),
      'site-kind: cloud is cloud, `infer` asked for edge',
    ],
    [
      'a part torn over two sites',
      (held: Placement) => ({
        members: held.members.map((member) =>
          member.part === 'infer' && member.replica === 1 ? { ...member, node: 'hpc/h1/r1/n02' } : member,
        ),
      }),
      'together: `infer` is spread over 2 sites: edge, hpc',
    ],
    [
      'no link for what flows',
      wan([]),
      'bandwidth: 0 WAN links are held for 400 Mbit/s between edge and hpc',
    ],
    [
      'too little on the link',
      wan([['hpc/wan-edge', 399]]),
      'bandwidth: wan hpc/wan-edge: holds 399 Mbit/s, 400 are due',
    ],
    [
      'a link that joins other sites',
      wan([
        ['hpc/wan-cloud', 400],
        ['hpc/wan-edge', 400],
      ]),
      'bandwidth: wan hpc/wan-cloud: holds 400 Mbit/s, 0 are due',
    ],
    [
      'a link that nobody knows',
      wan([['hpc/wan-x', 400]]),
      'bandwidth: wan hpc/wan-x: what it carries is not recorded',
    ],
  ])('%s', (_, change, note) => {
    expect(faults(change)).toContain(note);
  });

  test('a link that is too far, or has too little left', () => {
    const near = { ...wish, flows: [{ from: 'train', to: 'infer', mbps: 400, latencyMs: 6 }] };
    expect(faults(() => ({}), near)).toEqual(['latency: wan hpc/wan-edge: is not known to be within 6 ms']);
    const busy = take(
      on,
      demand('a: 1×1 H100 at:hpc/h1/r1/n02 + b: 1×1 L4 at:edge/e1/n02 48h', {
        flows: [{ from: 'a', to: 'b', mbps: 601 }],
      }),
    );
    expect(faults(() => ({}), wish, busy.state)).toEqual([
      'bandwidth: wan hpc/wan-edge: Mbit/s held by others 601, asked for 400, limit 1000',
    ]);
    const silent = { ...wish, flows: [{ from: 'train', to: 'infer', mbps: 0, latencyMs: 6 }] };
    expect(faults(() => ({ bandwidth: undefined }), silent)).toEqual([
      'latency: no WAN link between edge and hpc is known to be within 6 ms',
    ]);
  });

  test('a part that is too far from its users, and parts that are to be together after all', () => {
    const parts = wish.parts.map((part) =>
      part.name === 'infer' ? { ...part, latencyMsByRegion: { munich: 1 } } : part,
    );
    expect(faults(() => ({}), { ...wish, parts })).toEqual(['latency: edge: `munich` in 2 ms, asked for 1']);
    expect(faults(() => ({}), { ...wish, together: 'site' })).toEqual([
      'together: the gang is spread over 2 sites: edge, hpc',
    ]);
  });

  test('spares stand in at their own site only, and none is too many', () => {
    const asked = { ...wish, survive: { loss: 'node', membersLeft: 3 } as const };
    const { placement: spared } = planned(on, asked).plan;
    const said = (spares: Placement['spares']) =>
      check(on.state, asked, verdictAll(on.state, 'allowed'), { ...spared, spares }).map(({ note }) => note);
    expect(said(spared.spares)).toEqual([]);
    expect(said(spared.spares?.filter(({ part }) => part !== 'train'))).toContain(
      'the loss of node hpc/h1/r1/n01 leaves 2 replicas, asked for 3',
    );
    const elastic = { ...asked, guarantee: 'elastic' as const };
    expect(faults(() => ({}), elastic)).toContain(
      'not-supported: to survive a loss over several sites with extras',
    );
  });
});
