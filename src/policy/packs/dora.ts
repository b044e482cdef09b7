import { eea } from '../../model/region.ts';
import { countryAmong, type RulePack } from '../rule.ts';

/**
 * Two checks of DORA that recorded facts can answer: the agreed regions of Art. 30(2)(b), which only the tenant's
 * own record can name, and, as a prudent reading of Art. 29(2), an operator whose ultimate parent sits in the EEA.
 * Whether the function is critical (Art. 3(22)) is decided by the financial entity, not here.
 */
export const dora: RulePack = {
  name: 'dora/1',
  reviewed: '2026-11-22',
  rules: [
    {
      id: 'dora-30-agreed-regions',
      article: 'DORA Art. 30(2)(b)',
      applies: (rules) => rules.regimes?.includes('dora') === true,
      ask: (site, { rules, tenant }) =>
        tenant.countries === undefined
          ? {
              effect: 'fact-missing',
              why: 'the agreed regions are not recorded',
              fix: 'record the countries agreed with the provider in the data rules of the tenant',
            }
          : countryAmong("the site's country", site.facts.country, rules.countries ?? tenant.countries),
    },
    {
      id: 'dora-29-operator-seat',
      article: 'DORA Art. 29(2)',
      applies: (rules) => rules.regimes?.includes('dora') === true,
      ask: (site) => countryAmong("the seat of the operator's ultimate parent", site.facts.operatorSeat, eea),
    },
  ],
};
