import { describe, expect, test } from 'vitest';

import { canStandIn } from '../../../src/core/check/stand-in.ts';
import type { Part } from '../../../src/model/demand.ts';
import { demand } from '../demand.ts';

function part(name: string, text: string, each: object = {}): Part {
  const [found] = demand(`${name}: ${text}`).parts;
  if (found === undefined) throw new Error('a demand has a part');
  return { ...found, each: { ...found.each, ...each } };
}

/** Whether a spare of the first kind can do what a replica of the second was promised. */
function stands(spare: readonly [string, object?], lost: readonly [string, object?]): boolean {
  return canStandIn(part('spare', ...spare), part('lost', ...lost));
}

describe('a spare of another part', () => {
  test.each([
    ['as many GPUs', ['1×4'], ['1×4'], true],
    ['more GPUs', ['1×5'], ['1×4'], true],
    ['one GPU less', ['1×3'], ['1×4'], false],
    ['no GPUs', ['1×cpu4'], ['1×4 cpu4'], false],
    ['as much memory of a GPU', ['1×1 gpumem80'], ['1×1 gpumem80'], true],
    ['less memory of a GPU', ['1×1 gpumem79'], ['1×1 gpumem80'], false],
    ['as much disk', ['1×1 disk9'], ['1×1 disk9'], true],
    ['less disk', ['1×1 disk8'], ['1×1 disk9'], false],
    ['RDMA for who needs it', ['1×1 rdma'], ['1×1 rdma'], true],
    ['RDMA for who needs none', ['1×1 rdma'], ['1×1'], true],
    ['no RDMA', ['1×1'], ['1×1 rdma'], false],
    ['NVLink', ['1×2 nvlink'], ['1×2 nvlink'], true],
    ['NVLink where any link would do', ['1×2 nvlink'], ['1×2 link'], true],
    ['any link where it has to be NVLink', ['1×2 link'], ['1×2 nvlink'], false],
    ['no link', ['1×2'], ['1×2 link'], false],
    ['another link', ['1×2 xgmi'], ['1×2 nvlink'], false],
    ['a link nobody asked for', ['1×2 nvlink'], ['1×2'], true],
    ['aligned', ['1×2 align:numa'], ['1×2 align:numa'], true],
    ['aligned without need', ['1×2 align:numa'], ['1×2'], true],
    ['not aligned', ['1×2'], ['1×2 align:numa'], false],
    ['aligned in another way', ['1×2 align:pcie-root'], ['1×2 align:numa'], false],
    ['as many cores', ['1×1 cpu4'], ['1×1 cpu4'], true],
    ['more cores', ['1×1 cpu5'], ['1×1 cpu4'], true],
    ['fewer cores', ['1×1 cpu3'], ['1×1 cpu4'], false],
    ['a share of the node instead of cores', ['1×1'], ['1×1 cpu4'], false],
    ['cores instead of a share of the node', ['1×1 cpu4'], ['1×1'], false],
    ['less memory', ['1×1 mem15'], ['1×1 mem16'], false],
    ['the same slice', ['1×1 mig:1g.10gb'], ['1×1 mig:1g.10gb'], true],
    ['another slice', ['1×1 mig:2g.20gb'], ['1×1 mig:1g.10gb'], false],
    ['a whole GPU instead of a slice', ['1×1'], ['1×1 mig:1g.10gb'], false],
    ['who is kept together inside', ['1×1 within:rack'], ['1×1'], true],
    ['who has to be together', ['1×1'], ['1×1 within:rack'], false],
    ['who has to be apart', ['1×1'], ['1×1 apart:node'], false],
  ] as const)('%s', (_, spare, lost, can) => {
    expect(stands(spare, lost)).toBe(can);
  });

  test.each([
    ['NICs as fast', { rdma: { nicMbps: 400 } }, { rdma: { nicMbps: 400 } }, true],
    ['slower NICs', { rdma: { nicMbps: 399 } }, { rdma: { nicMbps: 400 } }, false],
    ['as much of the uplinks', { rdma: { uplinkMbps: 9 } }, { rdma: { uplinkMbps: 9 } }, true],
    ['less of the uplinks', { rdma: {} }, { rdma: { uplinkMbps: 9 } }, false],
    ['two NICs for each GPU', { rdma: { nicsPerGpu: 2 } }, { rdma: { nicsPerGpu: 2 } }, true],
    ['one NIC where two are due', { rdma: {} }, { rdma: { nicsPerGpu: 2 } }, false],
  ])('%s', (_, spare, lost, can) => {
    expect(stands(['1×1 rdma', spare], ['1×1 rdma', lost])).toBe(can);
  });

  test('of the same part every spare can', () => {
    const own = part('train', '1×1 within:rack');
    expect(canStandIn(own, part('train', '1×8 nvlink rdma within:rack'))).toBe(true);
  });
});
