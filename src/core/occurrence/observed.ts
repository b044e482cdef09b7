import type { Fact, Health, Observation } from '../../model/fact.ts';
import { type Path, siteOf } from '../../model/id.ts';
import { ofOneMachine } from '../inventory/reach.ts';
import type { Log, Occurrence, Page } from './log.ts';

/** What is on its way in an observation: machines, their devices, and what they hang on. */
type Word = {
  readonly fact: Fact;
  readonly health: Health | undefined;
  readonly reason: string | undefined;
  readonly schedulable: boolean | undefined;
};

/**
 * What an observation tells that its source had not said before: faults and their end, machines that take no new work,
 * machines that are no longer listed. What a source says of a time before its last word is no news.
 */
export function followObservation(page: Page, observation: Observation): void {
  const heard = new Map(page.log.heard);
  const isNews = (key: string) => {
    if ((heard.get(key) ?? 0) > observation.observedAtMs) return false;
    heard.set(key, observation.observedAtMs);
    return true;
  };
  for (const [key, word] of wordsIn(observation)) {
    if (!isNews(key)) continue;
    followHealth(page, key, { word, observation });
    followDrain(page, key, { word, observation });
  }
  page.keep({ listed: followListed(page, observation, isNews), heard });
}

type Told = { readonly word: Word; readonly observation: Observation };

/** One word for each subject: what was said of it later in the observation comes on top. */
function wordsIn({ source, facts }: Observation): ReadonlyMap<string, Word> {
  const words = new Map<string, Word>();
  for (const fact of facts) {
    if (fact.kind !== 'node' && fact.kind !== 'gpu' && fact.kind !== 'nic') continue;
    const key = `${source} ${fact.kind} ${fact.subject}`;
    const before = words.get(key);
    const { health = before?.health, healthReason: reason = before?.reason } = fact.set;
    const schedulable = fact.kind === 'node' ? fact.set.schedulable : undefined;
    const said = fact.set.health === undefined && before !== undefined ? before.fact : fact;
    words.set(key, { fact: said, health, reason, schedulable: schedulable ?? before?.schedulable });
  }
  return words;
}

/** Words by which sources say that heat is the reason: of clocks, sensors, cooling loops and leak detectors. */
const heat = /\b(?:heat|thermal|hw_thermal|sw_thermal|temperature|overheat\w*|cooling|coolant|leak)\b/iu;

function followHealth(page: Page, subject: string, { word, observation }: Told): void {
  const key = `health ${subject}`;
  const { health, reason = 'no reason given' } = word;
  if (health !== 'down' && health !== 'degraded') return page.end(key, observation.observedAtMs);
  const before = page.going(key);
  if (before?.severity === health && before.what === reason) return undefined;
  const kind = heat.test(reason) ? 'thermal' : 'fault';
  return page.begin(key, { kind, what: reason, severity: health, ...saidOf({ word, observation }) });
}

function followDrain(page: Page, subject: string, { word, observation }: Told): void {
  const key = `drain ${subject}`;
  if (word.schedulable !== false) return page.end(key, observation.observedAtMs);
  if (page.going(key) !== undefined) return undefined;
  const what = word.reason ?? 'it takes no new work';
  return page.begin(key, { kind: 'drain', what, ...saidOf({ word, observation }) });
}

function saidOf({ word, observation }: Told): Pick<Occurrence, 'atMs' | 'place' | 'said'> {
  const { source, observedAtMs } = observation;
  const { subject, confidence, origin } = word.fact;
  return { atMs: observedAtMs, place: subject, said: { source, observedAtMs, confidence, origin } };
}

/** Machines of a site that a source listed before and does not list now; those that it lists again are back. */
function followListed(page: Page, observation: Observation, isNews: (key: string) => boolean): Log['listed'] {
  const { listed: before } = page.log;
  const { source, observedAtMs, facts } = observation;
  if (ofOneMachine.has(source)) return before;
  const now = Map.groupBy(
    facts.filter(({ kind }) => kind === 'node'),
    ({ subject }) => siteOf(subject),
  );
  const listed = new Map(before);
  for (const [site, said] of now) {
    const key = `${source} ${site}`;
    if (!isNews(`list ${key}`)) continue;
    const present = new Set(said.map(({ subject }) => subject));
    const known = before.get(key) ?? new Set<Path>();
    for (const node of present) page.end(`gone ${source} ${node}`, observedAtMs);
    for (const node of known.difference(present)) {
      if (page.going(`gone ${source} ${node}`) !== undefined) continue;
      const what = `${source} no longer lists it`;
      const told = { source, observedAtMs, confidence: 'derived' as const, origin: originOf(observation) };
      page.begin(`gone ${source} ${node}`, {
        kind: 'gone',
        what,
        atMs: observedAtMs,
        place: node,
        said: told,
      });
    }
    listed.set(key, known.union(present));
  }
  return listed;
}

/** That something is missing stands on no line. */
function originOf({ evidence }: Observation): { file: string } {
  return { file: evidence[0]?.file ?? '' };
}
