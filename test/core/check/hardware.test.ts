import { describe, expect, test } from 'vitest';

import { check } from '../../../src/core/check.ts';
import { demand } from '../demand.ts';
import { verdictAll, type World, world } from '../fleet.ts';
import { placement } from '../placement.ts';

const whole = world('fra1/h1/r1 1×8 H100-SXM-80GB nvlink link900 rdma cpu128 mem1024 gpumem80');
const vague = world('fra1/h1/r1 1×8 H100 cpu128 mem1024');
/** Two GPUs of the node, with their share of the rest. */
const two = placement(24, 'train 0 fra1/h1/r1/n01 gpu0-1 cpu32 mem256');

/** The rules of the auditor that they break for a wish. */
function broken(now: World, text: string, verdict = verdictAll(now.state, 'allowed')): string[] {
  const found = check(now.state, demand(text), verdict, two).map(({ constraint }) => constraint);
  return [...new Set(found)];
}

describe('the auditor', () => {
  test.each([
    ['1×2 H100 gpumem80 24h', []],
    ['1×2 H100 gpumem81 24h', ['gpu-memory']],
    ['1×2 H100-SXM 24h', []],
    ['1×2 H100-SXM-80GB 24h', []],
    ['1×2 H10 24h', ['gpu-model']],
    ['1×2 A100 24h', ['gpu-model']],
    ['1×2 A100|H100 24h', []],
    ['1×2 nvlink 24h', []],
    ['1×2 link 24h', []],
    ['1×2 xgmi 24h', ['accelerator-link']],
    ['1×3 H100 24h', ['cpu-share', 'gpu-count', 'memory-share']],
  ] as const)('reads off the node that holds it: %s breaks %j', (text, rules) => {
    expect(broken(whole, text)).toEqual(rules);
  });

  test('takes nothing for granted that nobody has recorded', () => {
    expect(broken(vague, '1×2 H100 24h')).toEqual([]);
    expect(broken(vague, '1×2 H100 gpumem1 24h')).toEqual(['gpu-memory']);
    expect(broken(vague, '1×2 H100 link 24h')).toContain('accelerator-link');
  });

  test('finds a site that the rules were not asked about, and each one that they close', () => {
    const policy = verdictAll(whole.state, 'allowed');
    expect(broken(whole, '1×2 H100 24h', { ...policy, sites: [] })).toEqual(['policy']);
    for (const answer of ['forbidden', 'fact-missing'] as const)
      expect(broken(whole, '1×2 H100 24h', verdictAll(whole.state, answer))).toEqual(['policy']);
  });
});
