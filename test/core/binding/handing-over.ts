import { dueBindings } from '../../../src/core/binding/subject.ts';
import { type BindingResult, EngineName, Subject } from '../../../src/model/binding.ts';
import { digestOf } from '../../../src/model/canonical.ts';
import { Path } from '../../../src/model/id.ts';
import { act } from '../acts.ts';
import { t0, type World } from '../fleet.ts';

/** What an engine is told, or tells: of `C-101` at version 1, by Slurm, for all nodes, where nothing else is said. */
export type Bound = {
  readonly version?: number;
  readonly count?: number;
  readonly places?: readonly string[];
  readonly engine?: string;
  readonly subject?: string;
  readonly atMs?: number;
  readonly objects?: string;
};

/** Begins a hand-over. */
export function bind(before: World, { atMs = t0, ...asked }: Bound = {}) {
  const { version = 1, count = 1, places = [], engine = 'slurm', subject = 'C-101', objects = 'a' } = asked;
  return act(
    before,
    {
      kind: 'bind',
      subject: Subject.parse(subject),
      engine: EngineName.parse(engine),
      version,
      objects: digestOf(objects),
      objectCount: count,
      places: places.map((place) => Path.parse(place)),
    },
    { atMs },
  );
}

/** Reports what came of one. */
export function report(before: World, result: BindingResult, { atMs = t0, ...asked }: Bound = {}) {
  const { engine = 'slurm', subject = 'C-101', objects = 'a' } = asked;
  const account = { result, steps: [], stepCount: 0, differences: [] };
  return act(
    before,
    {
      kind: 'report-binding',
      subject: Subject.parse(subject),
      engine: EngineName.parse(engine),
      objects: digestOf(objects),
      account,
    },
    { atMs },
  );
}

/** Why it was refused, or what was decided. */
export function why({ decision }: ReturnType<typeof act>): string {
  if (decision.kind !== 'refused') return decision.kind;
  return decision.refusal.kind === 'binding-refused' ? decision.refusal.why : decision.refusal.kind;
}

/** Why engines are to be spoken to, in the order of the bindings. */
export function due({ state }: World, atMs: number): string[] {
  return dueBindings(state, atMs).map((one) => one.why);
}
