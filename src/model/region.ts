/**
 * Country lists that rules name. Dated, because membership changes.
 * EU: the 27 member states as of 1 February 2020 (europa.eu, "EU countries").
 * EEA: the EU and Iceland, Liechtenstein, Norway (EEA Agreement).
 */
export const eu = [
  'AT',
  'BE',
  'BG',
  'CY',
  'CZ',
  'DE',
  'DK',
  'EE',
  'ES',
  'FI',
  'FR',
  'GR',
  'HR',
  'HU',
  'IE',
  'IT',
  'LT',
  'LU',
  'LV',
  'MT',
  'NL',
  'PL',
  'PT',
  'RO',
  'SE',
  'SI',
  'SK',
] as const;

export const eea = [...eu, 'IS', 'LI', 'NO'] as const;
