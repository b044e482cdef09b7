import { type Command, Option } from 'commander';

import { wholeNumber } from './words.ts';

/** Ways to look at the inventory: as a tree, and in pictures. */
export function withPictures(command: Command): Command {
  return command
    .option('--tree', 'sites, halls, racks and nodes from the outside in')
    .option('--depth <levels>', 'of the tree; without it as deep as stays readable', wholeNumber)
    .option('--picture', 'draw the place: a rack, a node, or the fabric of a site, hall, leaf or spine')
    .addOption(
      new Option('--view <kind>', 'draw these of the place').choices(['rack', 'node', 'fabric', 'island']),
    )
    .option('--svg <file>', 'write the pictures as SVG; `-` writes to stdout')
    .option('--plain', 'sentences instead of pictures, for screen readers; also with ACCESSIBLE=1');
}

export const pictureExamples = [
  'berth inventory --tree --depth 3',
  'berth inventory r11 --picture',
  'berth inventory fra1-r11-n01 --picture --plain',
  'berth inventory fra1 --view fabric --from 2026-12-01T00:00:00+01:00',
  'berth inventory r11 --svg r11.svg',
];
