import type { Path } from '../../model/id.ts';
import type { IslandPicture } from '../../model/picture-view.ts';
import { compareText } from '../../model/text.ts';
import { holdersOf, lacking, placedNode, type Sight, sumCounts } from './placed-node.ts';

/** An accelerator link domain that spans nodes, such as an NVL72 rack: its nodes, and who holds what of them. */
export function islandPicture(sight: Sight, id: Path): IslandPicture {
  const inside = sight.state.fleet.nodes.filter(({ island }) => island === id);
  const nodes = inside.map((node) => placedNode(sight, node));
  const links = [...new Set(inside.map(({ shape }) => shape.link))];
  const speeds = inside.flatMap(({ shape }) => shape.linkMbps ?? []);
  const [link = 'unknown'] = links;
  return {
    kind: 'island',
    id,
    gpus: sumCounts(nodes.map(({ gpus }) => gpus)),
    holders: holdersOf(sight, inside),
    unknown: [
      ...(links.length === 1 && link !== 'unknown' ? [] : ['the kind of its link']),
      ...lacking(inside, 'the speed of the link', ({ shape }) => shape.linkMbps !== undefined),
      ...lacking(inside, 'the GPUs', ({ shape }) => shape.gpus.length > 0),
    ],
    link: links.length === 1 ? link : 'unknown',
    ...(speeds.length === 0 ? {} : { linkMbps: Math.min(...speeds) }),
    racks: [...new Set(inside.flatMap(({ rack }) => rack ?? []))].toSorted(compareText),
    nodes,
  };
}
