import { expect, test } from 'vitest';

import { drawCard } from '../../src/chat/cards/card.ts';
import { renderPlain } from '../../src/chat/render.ts';
import { buildFleet } from '../../src/core/inventory/build.ts';
import { addObservation, type Claims } from '../../src/core/inventory/claims.ts';
import { emptyState, type State } from '../../src/core/state.ts';
import type { PictureKind, PictureList } from '../../src/model/picture-view.ts';
import { sources } from '../../src/sources/registry.ts';
import { capture, parsed } from '../sources/given.ts';
import { picturesIn, sightOf } from './pictured.ts';

/** What files of real systems say, as a fleet in which nothing is held: `dra dra/h100.yaml`, merged in order. */
function fleetOf(...files: readonly string[]): State {
  const claims = files.reduce<Claims>((merged, line) => {
    const [name = '', path = ''] = line.split(' ');
    const source = [...sources.values()].find((each) => each.name === name);
    if (source === undefined) throw new Error(`no source \`${name}\``);
    return addObservation(merged, parsed(source, [capture(path)], { site: 'lab1' }));
  }, new Map());
  const fleet = buildFleet(claims);
  return { ...emptyState, claims, fleet, calendar: fleet.nodes.map(() => []) };
}

function drawn(list: PictureList, spoken: boolean): string {
  return renderPlain(drawCard({ kind: 'pictures', list }, { columns: 80, spoken }));
}

/** Drawn and told. Each file names its source and licence in the README beside it. */
test.each<[name: string, files: readonly string[], of: string, view: PictureKind]>([
  ['nvl72-domain', ['topograph topograph/nvl72.yaml'], 'nvl-1-1', 'island'],
  ['nvl72-fabric', ['topograph topograph/nvl72.yaml'], 'leaf-1-1', 'fabric'],
  ['infiniband-fabric', ['ibnetdiscover infiniband/ibnetdiscover-excerpt.out'], 'lab1', 'fabric'],
  ['netbox-rack', ['netbox netbox-site/made-up-site.json'], 'r11', 'rack'],
  ['gb300-tray', ['redfish redfish/supermicro-gb300-nvl-tray.json'], 's964512x5913271', 'node'],
])('the capture %s', async (name, files, of, view) => {
  const list = picturesIn(sightOf(fleetOf(...files)), of, view);
  const text = `${drawn(list, false)}\n\n${drawn(list, true)}\n`;
  await expect(text).toMatchFileSnapshot(`../golden/chat/capture-${name}.txt`);
});
