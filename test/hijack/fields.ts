import { type Fact, type FactKind, Observation } from '../../src/model/fact.ts';
import { cleanText } from '../../src/model/text.ts';

/** A place in the inventory where a source's text stands. `write` gives the attribute that carries it. */
export type Field = {
  readonly name: string;
  readonly kind: FactKind;
  readonly subject: string;
  write(text: string): object;
};

const node = (name: string, subject: string, write: Field['write']): Field => ({
  name,
  kind: 'node',
  subject,
  write,
});

const site = (name: string, write: Field['write']): Field => ({ name, kind: 'site', subject: 'fra1', write });

const untilMs = Date.parse('2030-01-01T00:00:00Z');

export const fields: readonly Field[] = [
  node('label value', 'fra1/h1/r12/n03', (text) => ({ labels: { note: text } })),
  node('label key', 'fra1/h1/r12/n04', (text) => ({ labels: { [text]: 'yes' } })),
  node('host name', 'fra1/h1/r13/n03', (text) => ({ hostName: text })),
  node('machine', 'fra1/h1/r12/n03', (text) => ({ machine: text })),
  node('driver', 'fra1/h1/r12/n03', (text) => ({ driver: text })),
  node('engine version', 'fra1/h1/r12/n03', (text) => ({ kubernetes: text })),
  site('site name', (text) => ({ name: text })),
  site('site alias', (text) => ({ aliases: ['Frankfurt', text] })),
  site('operator', (text) => ({ operator: text })),
  site('operator parent', (text) => ({ operatorParent: text })),
  site('certificate', (text) => ({ certificates: [{ scheme: text, validUntilMs: untilMs }] })),
  site('price book', (text) => ({ priceBook: text })),
  site('region', (text) => ({ latencyMsByRegion: { [text]: 7 } })),
];

/** An observation with the nth text in the nth field, cleaned as every source cleans, told by `file`. */
export function planted(observation: Observation, texts: readonly string[], file: string): Observation {
  return Observation.parse({
    ...observation,
    facts: observation.facts.map((fact) => ({
      ...fact,
      origin: { file: cleanText(file) },
      set: { ...fact.set, ...writtenOn(fact, texts) },
    })),
  });
}

function writtenOn({ kind, subject }: Fact, texts: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap((field, at) => {
      const text = texts[at];
      const isHere = field.kind === kind && field.subject === subject && text !== undefined;
      return isHere ? Object.entries(field.write(cleanText(text))) : [];
    }),
  );
}
