import { eea, eu } from '../model/region.ts';
import { fold } from './normalise.ts';

export type Region = {
  readonly label: string;
  readonly countries: readonly string[];
  readonly note?: string;
};

const europeNote = 'Europe is read as the EEA';
const groups: readonly (readonly [Region, ...string[]])[] = [
  [{ label: 'EU', countries: eu }, 'eu', 'e.u.', 'european union'],
  [{ label: 'EEA', countries: eea }, 'eea', 'european economic area', 'ewr'],
  [{ label: 'EEA', countries: eea, note: europeNote }, 'europe', 'european'],
  [{ label: 'DACH', countries: ['AT', 'CH', 'DE'] }, 'dach'],
  [{ label: 'Benelux', countries: ['BE', 'LU', 'NL'] }, 'benelux'],
  [{ label: 'the Nordics', countries: ['DK', 'FI', 'IS', 'NO', 'SE'] }, 'nordics', 'nordic countries'],
  [{ label: 'North America', countries: ['CA', 'MX', 'US'] }, 'north america'],
];

const countries: Readonly<Record<string, string>> = {
  AT: 'austria austrian',
  AU: 'australia australian',
  BE: 'belgium belgian',
  BG: 'bulgaria bulgarian',
  BR: 'brazil brazilian',
  CA: 'canada canadian',
  CH: 'switzerland swiss',
  CN: 'china chinese',
  CY: 'cyprus',
  CZ: 'czechia czech czech_republic',
  DE: 'germany german',
  DK: 'denmark danish',
  EE: 'estonia estonian',
  ES: 'spain spanish',
  FI: 'finland finnish',
  FR: 'france french',
  GB: 'uk u.k. united_kingdom great_britain britain british england',
  GR: 'greece greek',
  HR: 'croatia croatian',
  HU: 'hungary hungarian',
  IE: 'ireland irish',
  IL: 'israel israeli',
  IN: 'india indian',
  IS: 'iceland icelandic',
  IT: 'italy italian',
  JP: 'japan japanese',
  KR: 'south_korea korea korean',
  LI: 'liechtenstein',
  LT: 'lithuania lithuanian',
  LU: 'luxembourg luxemburg',
  LV: 'latvia latvian',
  MT: 'malta maltese',
  MX: 'mexico mexican',
  NL: 'netherlands the_netherlands holland dutch',
  NO: 'norway norwegian',
  PL: 'poland polish',
  PT: 'portugal portuguese',
  RO: 'romania romanian',
  SE: 'sweden swedish',
  SG: 'singapore',
  SI: 'slovenia slovenian',
  SK: 'slovakia slovak',
  TR: 'turkey turkish',
  TW: 'taiwan taiwanese',
  UA: 'ukraine ukrainian',
  AE: 'united_arab_emirates uae',
  ZA: 'south_africa',
  US: 'usa u.s. u.s.a. united_states america american the_states united_states_of_america',
};

/** Codes that are words or units when a person writes them. */
const wordCodes = new Set(['AT', 'BE', 'GB', 'IN', 'IS', 'IT', 'LI', 'NO', 'SI']);

/** Region and country words, lower case without accents. */
export const regionNames: ReadonlyMap<string, Region> = new Map([
  ...groups.flatMap(([region, ...names]) => names.map((name): [string, Region] => [fold(name), region])),
  ...Object.entries(countries).flatMap(([code, names]) =>
    names
      .split(' ')
      .map((name): [string, Region] => [name.replaceAll('_', ' '), { label: code, countries: [code] }]),
  ),
]);

/** The country of a code in capitals, unless the code is also a word. */
export function regionOfCode(code: string): Region | undefined {
  const known = countries[code] !== undefined && !wordCodes.has(code);
  return known ? { label: code, countries: [code] } : undefined;
}
