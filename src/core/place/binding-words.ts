import type { SiteMiss } from './site.ts';

/** What stopped the next replica at a site, in words. */
export const bindingWords: Readonly<Record<SiteMiss['binding'], string>> = {
  'gpu-model': 'the site has no GPU of a model asked for',
  inventory: 'the site has not enough that fits, even when empty',
  'free-over-window': 'not enough is free over the whole window',
  'rack-power': 'the racks have not enough power left',
  'rack-cooling': 'the racks have not enough cooling left',
  'feed-power': 'the power feeds of the building have not enough left',
  'loop-cooling': 'the cooling loops of the racks have not enough left',
  'hall-power': 'the halls have not enough power left',
  'hall-cooling': 'the halls have not enough cooling left',
  'site-power': 'the site has not enough power left',
  survive: 'enough is free, but not spread widely enough to survive the loss',
  'power-cap': 'it would draw more than the power cap',
  isolation: 'enough is free, but not without other tenants in the same place',
  topology: 'enough is free, but not close enough together',
  uplink: 'enough is free, but the leaf switches have not enough uplink left',
  flows: 'enough is free, but data NICs or storage pools have not enough bandwidth left for its flows',
  wan: 'no link between its sites carries what flows, or is as near as it asks',
  dataset: 'its dataset cannot be there in time',
};
