import { eea } from '../../model/region.ts';
import { countryAmong, type RulePack } from '../rule.ts';

/**
 * GDPR Chapter V in its strictest reading: the site stands in the EEA. Transfers that rest on an adequacy
 * decision (Art. 45) or safeguards (Art. 46) need facts that this pack does not read, so it refuses them.
 */
export const gdpr: RulePack = {
  name: 'gdpr/1',
  reviewed: '2026-11-22',
  rules: [
    {
      id: 'gdpr-44-eea',
      article: 'GDPR Art. 44',
      applies: (rules) => rules.regimes?.includes('gdpr') === true,
      ask: (site) => countryAmong("the site's country", site.facts.country, eea),
    },
  ],
};
