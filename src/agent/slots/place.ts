import { isWithin } from '../../model/id.ts';
import { compareText } from '../../model/text.ts';
import { type Problem } from '../frame.ts';
import { rawOf } from '../normalise.ts';
import { type Reading } from '../reading.ts';
import { type Place, type SpanOf } from '../spans/span.ts';
import { type FrameReading, spansOf, narrowest } from './slot.ts';

export function placeSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'place');
  const plain = spans.filter(({ negative }) => negative !== true);
  const denied = spans.filter(({ negative }) => negative === true);
  const { places, problems } = resolvePlaces(reading, plain, spans);
  const away = resolvePlaces(reading, denied, spans);
  const where = innermost(places).map(({ path }) => path);
  return {
    frame: {
      ...(where.length === 0 ? {} : { where: where.toSorted(compareText) }),
      ...(away.places.length === 0
        ? {}
        : { avoid: away.places.map(({ path }) => path).toSorted(compareText) }),
    },
    problems: [...problems, ...away.problems],
  };
}

export function regionSlots(reading: Reading): FrameReading {
  const spans = spansOf(reading, 'region');
  const inside = spans.filter(({ negative }) => negative !== true);
  const outside = spans.filter(({ negative }) => negative === true);
  const sets = inside.map(({ region }) => region.countries);
  const common = narrowest(sets);
  const countries = common.length > 0 ? common : [...new Set(sets.flat())];
  const excludeCountries = [...new Set(outside.flatMap(({ region }) => region.countries))];
  const notes = spans.flatMap(({ region }) => region.note ?? []);
  return {
    frame: {
      ...(countries.length === 0 ? {} : { countries: countries.toSorted(compareText) }),
      ...(excludeCountries.length === 0 ? {} : { excludeCountries: excludeCountries.toSorted(compareText) }),
      ...(notes.length === 0 ? {} : { notes }),
    },
    problems: [],
  };
}

/** The places of spans; one that could be several is decided by the other places of the line, or asked about. */
export function resolvePlaces(
  reading: Reading,
  spans: readonly SpanOf<'place'>[],
  context: readonly SpanOf<'place'>[],
): { readonly places: readonly Place[]; readonly problems: readonly Problem[] } {
  const certain = context.flatMap(({ places }) => (places.length === 1 ? places : []));
  const places: Place[] = [];
  const problems: Problem[] = [];
  for (const span of spans) {
    const near = span.places.filter(({ path }) =>
      certain.some((other) => isWithin(path, other.path) && path !== other.path),
    );
    const chosen = span.places.length === 1 ? span.places : near;
    if (chosen.length === 1) places.push(...chosen);
    else
      problems.push({
        slot: 'place',
        text: `which \`${rawOf(reading.line, span)}\``,
        suggestions: span.places
          .map(({ path }) => path)
          .toSorted(compareText)
          .slice(0, 8),
      });
  }
  return {
    places: places.filter((place, i) => places.findIndex(({ path }) => path === place.path) === i),
    problems,
  };
}

/** Without the places that only say where another one is. */
export function innermost(places: readonly Place[]): readonly Place[] {
  return places.filter(
    ({ path }) => !places.some((other) => other.path !== path && isWithin(other.path, path)),
  );
}
