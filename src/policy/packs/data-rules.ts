import { countryAmong, type RulePack } from '../rule.ts';

/** What the tenant and the demand themselves say about where their data may be. */
export const dataRules: RulePack = {
  name: 'data-rules/1',
  reviewed: '2026-11-22',
  rules: [
    {
      id: 'countries-allowed',
      article: 'the data rules of the tenant and the demand',
      applies: (rules) => rules.countries !== undefined,
      ask: (site, { rules }) => countryAmong("the site's country", site.facts.country, rules.countries ?? []),
    },
    {
      id: 'countries-excluded',
      article: 'the data rules of the tenant and the demand',
      applies: (rules) => (rules.excludeCountries ?? []).length > 0,
      ask: (site, { rules }) => {
        const { country } = site.facts;
        if (country === undefined) return countryAmong("the site's country", country, []);
        if (rules.excludeCountries?.includes(country) !== true) return undefined;
        return {
          effect: 'forbid',
          why: `the site is in ${country}, which is excluded`,
          fix: 'choose another country',
        };
      },
    },
    {
      id: 'operator-seat',
      article: 'the data rules of the tenant and the demand',
      applies: (rules) => rules.operatorSeats !== undefined,
      ask: (site, { rules }) =>
        countryAmong(
          "the seat of the operator's ultimate parent",
          site.facts.operatorSeat,
          rules.operatorSeats ?? [],
        ),
    },
  ],
};
