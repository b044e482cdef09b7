import type { DataRules } from '../model/tenant.ts';
import { compareText } from '../model/text.ts';

/** A tenant's rules and a demand's own together: each can only narrow the other. */
export function narrow(tenant: DataRules, demand: DataRules): DataRules {
  const countries = common(tenant.countries, demand.countries);
  const operatorSeats = common(tenant.operatorSeats, demand.operatorSeats);
  return {
    classes: union(tenant.classes, demand.classes),
    regimes: union(tenant.regimes, demand.regimes),
    excludeCountries: union(tenant.excludeCountries, demand.excludeCountries),
    datasets: union(tenant.datasets, demand.datasets),
    ...(countries === undefined ? {} : { countries }),
    ...(operatorSeats === undefined ? {} : { operatorSeats }),
  };
}

function common<T extends string>(a: readonly T[] | undefined, b: readonly T[] | undefined): T[] | undefined {
  if (a === undefined || b === undefined) return sorted(a ?? b);
  return sorted(a.filter((item) => b.includes(item)));
}

function union<T extends string>(a: readonly T[] = [], b: readonly T[] = []): T[] {
  return sorted([...a, ...b]) ?? [];
}

function sorted<T extends string>(items: readonly T[] | undefined): T[] | undefined {
  return items === undefined ? undefined : [...new Set(items)].toSorted(compareText);
}
