import { expect, test } from 'vitest';

import { countryOfRegion } from '../../src/sources/cloud/region.ts';

test.each([
  ['aws', 'eu-central-1', 'DE'],
  ['aws', 'eu-central-2', 'CH'],
  ['aws', 'us-gov-west-1', 'US'],
  ['gcp', 'europe-west4', 'NL'],
  ['gcp', 'me-central2', 'SA'],
  ['azure', 'northeurope', 'IE'],
  ['azure', 'WestEurope', 'NL'],
] as const)('%s says that %s is in %s', (cloud, region, country) => {
  expect(countryOfRegion(cloud, region)).toBe(country);
});

test('a region of another provider, and one that is not listed, has no country', () => {
  expect(countryOfRegion('aws', 'europe-west4')).toBeUndefined();
  expect(countryOfRegion('azure', 'moonbase1')).toBeUndefined();
});
