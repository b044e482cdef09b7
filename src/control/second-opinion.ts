import type { Engine } from '../cedar/engine.ts';
import type { Command } from '../model/command.ts';
import { type Path, siteOf } from '../model/id.ts';
import { seatsOf } from '../model/placement.ts';
import type { SiteVerdict } from '../model/policy.ts';
import type { Refusal } from '../model/refusal.ts';
import { compareText } from '../model/text.ts';
import type { Rule } from '../policy/pack-set.ts';
import { evaluate, questionAbout, type SiteQuestion } from '../policy/site-verdict.ts';
import { type Library, planNamedIn } from './library.ts';
import { questionFor } from './ruling.ts';
import type { Moment } from './views/snapshot.ts';

/** Makes the other engine over policies in text, by id. */
export type EngineSource = (policies: Readonly<Record<string, string>>) => Promise<Engine>;

/** Loads cedar-wasm when it is first asked. */
const cedarEngine: EngineSource = async (policies) => (await import('../cedar/engine.ts')).engineOf(policies);

/** Asks a second engine about the sites of a placement before it is granted. Whatever it does not confirm is refused. */
export class SecondOpinion {
  readonly #source: EngineSource;
  readonly #engines = new Map<string, Promise<Engine>>();

  constructor(source: EngineSource) {
    this.#source = source;
  }

  /** Nothing where both engines say the same, about the placement that the command grants; for others too. */
  async refusalOf(
    command: Command,
    { state, nowMs }: Moment,
    library: Library,
  ): Promise<Refusal | undefined> {
    const digest = command.kind === 'hold-plan' ? undefined : planNamedIn(command);
    if (digest === undefined) return undefined;
    const { demand, placement } = library.plan(digest);
    const used = new Set(seatsOf(placement).map(({ node }) => siteOf(node)));
    const question = questionFor(state, demand, nowMs);
    const faults = await this.faultsOf(question, [...used].toSorted(compareText));
    const [first] = faults;
    if (first === undefined) return undefined;
    return { kind: 'policy-engine', sites: faults.map(({ site }) => site), note: first.why };
  }

  /** The sites about which the engines do not say the same, and why. */
  async faultsOf(
    question: SiteQuestion,
    sites: readonly Path[],
  ): Promise<readonly { readonly site: Path; readonly why: string }[]> {
    const verdict = evaluate(question);
    const found = await Promise.all(
      sites.map(async (site) => {
        const ours = verdict.sites.find((each) => each.site === site);
        const why = await this.#faultOf(question, site, ours);
        return why === undefined ? [] : [{ site, why: why.slice(0, 300) }];
      }),
    );
    return found.flat();
  }

  async #faultOf(
    question: SiteQuestion,
    id: Path,
    ours: SiteVerdict | undefined,
  ): Promise<string | undefined> {
    const site = question.sites.find((each) => each.id === id);
    if (site === undefined || ours === undefined) return 'the rules were not asked about it';
    const { json, rules } = questionAbout(question, site);
    const key = `${question.packs.digest} ${rules.map((rule) => rule.id).join(' ')}`;
    const answer = (await this.#engineFor(key, rules)).ask(json);
    if (answer.kind === 'failed') {
      // The next question starts a new engine: this one may be spoilt.
      this.#engines.delete(key);
      return `the second engine gave no answer: ${answer.why}`;
    }
    const isSilent = answer.decision === 'deny' && answer.reasons.length === 0;
    if (isSilent) return 'the second engine knows no rule that permits it';
    const theirs = [...(answer.decision === 'deny' ? answer.reasons : []), ...answer.errors];
    const known = new Set(rules.map((rule) => rule.id));
    const mine = [...ours.hits, ...(ours.flags ?? [])]
      .map(({ rule }) => rule)
      .filter((rule) => known.has(rule));
    const differing = differenceOf(theirs, mine);
    return differing.length === 0 ? undefined : `the engines do not agree about ${differing.join(', ')}`;
  }

  /** One engine for one set of rules in force. One that cannot be made is asked for anew the next time. */
  async #engineFor(key: string, rules: readonly Rule[]): Promise<Engine> {
    const engine =
      this.#engines.get(key) ?? this.#source(Object.fromEntries(rules.map(({ id, text }) => [id, text])));
    this.#engines.set(key, engine);
    try {
      return await engine;
    } catch (error) {
      this.#engines.delete(key);
      const why = error instanceof Error ? error.message : 'it cannot be loaded';
      return { ask: () => ({ kind: 'failed', why }) };
    }
  }
}

/** The one that every door asks which is given no other engine: packs are parsed once in a process. */
export const cedarOpinion = new SecondOpinion(cedarEngine);

function differenceOf(theirs: readonly string[], mine: readonly string[]): readonly string[] {
  const all = [...new Set([...theirs, ...mine])].toSorted(compareText);
  return all.filter((id) => theirs.includes(id) !== mine.includes(id));
}
