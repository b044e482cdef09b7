import { type Gazetteer, keyOf } from '../gazetteer.ts';
import { matches, type Span } from './span.ts';

/** GPU series that a fleet may lack: named so that the core can say that it does not know them. */
const series =
  /^(?:[hb][123]00|h20|h800|gh200|gb[23]00|a(?:10g?|16|30|40|100|800|6000)|l(?:4|20|40s?)|v100|t4|p100|mi\d{3}[ax]?|gaudi ?[123]|rtx ?\d{4}|tpu)$/u;

const qualifier = /^[ -](?:sxm\d?|pcie?|nvl\d*|hbm\d?e?|oam|ada|\d{2,3} ?g(?:i?b)?)(?![a-z0-9])/u;

/** GPU models: `H100s`, `h100 sxm`, `A100 80GB`, the full name; and the bare noun `GPUs`. */
export function readModels(text: string, gazetteer: Gazetteer): readonly Span[] {
  const found: Span[] = [];
  for (const { from } of matches(text, /(?<![a-z0-9]|[a-z0-9][-/._])(?:\d+x?)*[a-z][a-z0-9]*/gu)) {
    const start = from + (/^(?:\d+x?)+(?=[a-z])/u.exec(text.slice(from))?.[0].length ?? 0);
    const model = modelAt(text, start, gazetteer);
    if (model !== undefined) found.push(model);
    else found.push(...strangerAt(text, start, gazetteer));
  }
  const nouns = /\b(?:gpus?|graphics cards?|accelerators?|cards?)\b(?! (?:memory|ram))/gu;
  return [...found, ...matches(text, nouns).map(({ from, to }) => ({ from, to, kind: 'gpus' as const }))];
}

/** `8 H400`: letters with two digits right behind a count, which no fleet and no series is called. */
function strangerAt(text: string, from: number, gazetteer: Gazetteer): readonly Span[] {
  const counted =
    /(?:^|[^a-z0-9.])(?:\d+|a|an|one|two|three|four|six|eight|ten|twelve|sixteen|dozen) ?(?:x )?$/u;
  const word = /^[a-z]{1,3}(?=(?:[a-z]*\d){2})[a-z0-9]{2,6}(?![a-z0-9./_-])/u.exec(text.slice(from))?.[0];
  if (word === undefined || !counted.test(text.slice(0, from)) || gazetteer.names.has(keyOf(word))) return [];
  return [
    { from, to: from + word.length, kind: 'model', asked: word.toUpperCase(), models: [], isStrange: true },
  ];
}

function modelAt(text: string, from: number, gazetteer: Gazetteer): Span | undefined {
  const base = baseAt(text, from, gazetteer);
  if (base === undefined) return undefined;
  let to = base.to;
  let { models } = base;
  for (;;) {
    const said = qualifier.exec(text.slice(to))?.[0];
    if (said === undefined) break;
    const word = keyOf(said)
      .replaceAll(' ', '')
      .replace(/g(?:ib)?$/u, 'gb');
    models = models.filter((model) => hasWord(model, word));
    to += said.length;
  }
  const plural = /^(?:'?s)(?![a-z0-9])/u.exec(text.slice(to))?.[0] ?? '';
  const noun = /^[ -](?:tensor core )?gpus?\b/u.exec(text.slice(to + plural.length))?.[0] ?? '';
  const asked = text.slice(from, to).toUpperCase();
  return { from, to: to + plural.length + noun.length, kind: 'model', asked, models };
}

function baseAt(text: string, from: number, gazetteer: Gazetteer) {
  const rest = text.slice(from);
  for (const model of [...gazetteer.families.values()].flat()) {
    const full = model.toLowerCase();
    if (rest.startsWith(full) && !/^[a-z0-9-]/u.test(rest.slice(full.length)))
      return { to: from + full.length, models: [model] };
  }
  const word = /^[a-z]+ ?\d+[a-z0-9]*/u.exec(rest)?.[0] ?? '';
  const bare = word.replace(/x\d+$/u, '');
  for (const name of [word, bare, bare.replace(/s$/u, '')]) {
    const models =
      gazetteer.families.get(name) ?? gazetteer.families.get(keyOf(name.replace(/(?<=[a-z])(?=\d)/u, ' ')));
    if (models !== undefined) return { to: from + name.length, models };
    if (series.test(name)) return { to: from + name.length, models: [] };
  }
  return undefined;
}

/** `sxm5` fits a model that only says `SXM`, `80gb` only one that says `80GB`. */
function hasWord(model: string, said: string): boolean {
  const words = keyOf(model).split(' ');
  return words.some(
    (word) =>
      word === said ||
      (/^[a-z]/u.test(said) && said.replace(/(?<=[a-z])\d.*$/u, '') === word) ||
      (word.startsWith('pci') && said.startsWith('pci')),
  );
}
