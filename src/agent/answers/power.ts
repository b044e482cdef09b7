import { isWithin } from '../../model/id.ts';
import { InventoryList } from '../../model/inventory-view.ts';
import { Simulation } from '../../model/simulation-view.ts';
import { unknownPlaces } from '../blockers.ts';
import { spansOf } from '../reading.ts';
import { listed, plural, sentence } from '../reply.ts';
import { innermost, resolvePlaces } from '../slots/place.ts';
import { type Place, matches } from '../spans/span.ts';
import { type Answer, answered, asking, type Talk, using } from './answer.ts';

/** Watts held and allowed for each rack as recorded, and with machines added what a trial on a copy says. */
export async function showPower(talk: Talk): Promise<Answer> {
  const { summary } = talk.gazetteer;
  const spans = spansOf(talk.reading, 'place');
  const { places, problems } = resolvePlaces(talk.reading, spans, spans);
  const open = [...problems, ...unknownPlaces(talk)];
  if (open.length > 0) return asking(talk, open, 'To show power I need to know');
  const wanted = innermost(places);
  const racks = (summary.racks ?? []).filter(
    ({ id }) => wanted.length === 0 || wanted.some(({ path }) => isWithin(id, path)),
  );
  const words = racks.map(({ id, powerLimitW, powerReservedW, coolingLimitW, freeUnits }) => {
    const left =
      powerLimitW === undefined
        ? 'limit not known'
        : `${kw(powerLimitW - powerReservedW)} of ${kw(powerLimitW)} not reserved`;
    const cooling = coolingLimitW === undefined ? [] : [`cooling limit ${kw(coolingLimitW)}`];
    const units = freeUnits === undefined ? [] : [`${plural(freeUnits, 'rack unit')} free`];
    const more = [...cooling, ...units];
    return `${id} ${left}${more.length === 0 ? '' : ` (${more.join(', ')})`}`;
  });
  const reply = racks.length === 0 ? 'No power figures are known there.' : `Power: ${listed(words)}.`;
  const shown = [{ kind: 'summary' as const, summary }];
  if (!adds.test(talk.reading.line.text))
    return answered(talk, reply, shown, using(['place', 'gpus', 'time']));
  return withAdded(talk, reply, wanted);
}

const adds = /\b(?:add|adding|install\w*|extra|additional|another|(?<!no )more|new)\b/u;

/** Machines like those that stand in the one rack that was named, tried out on a copy. */
async function withAdded(talk: Talk, reply: string, places: readonly Place[]): Promise<Answer> {
  const { calls } = talk;
  const [rack, ...others] = places;
  const count = countIn(talk);
  const shown = [{ kind: 'summary' as const, summary: talk.gazetteer.summary }];
  const uses = using(['place', 'gpus', 'amount', 'number', 'model']);
  const ask = (what: string) =>
    answered(talk, `${reply} To try out more machines, ${what}.`, shown, using(['place', 'gpus']));
  if (rack?.level !== 'rack' || others.length > 0) return ask('name the one rack they go to');
  if (count === undefined) return ask('say how many');
  const list = await calls.ask('inventory_search', { within: rack.path, limit: 1 }, InventoryList);
  const like = list.nodes[0]?.id;
  if (like === undefined) return ask('name a rack that has some already');
  const add = { site: rack.path.split('/')[0] ?? rack.path, rack: rack.path, count, like };
  const simulation = await calls.ask('placement_simulate', { edits: [{ add }] }, Simulation);
  const did = simulation.edits.map(({ did: what }) => sentence(what)).join(' ');
  const words = `${reply} With ${plural(count, 'machine')} more like ${like}: ${did} Nothing has been changed.`;
  const view = [...shown, { kind: 'simulation' as const, simulation }];
  return answered(talk, words, view, uses, read);
}

const read =
  /\b(?:if|when|with|add|adding|install\w*|extra|additional|another|more|new|hgxs?|dgxs?|nodes?|servers?|machines?)\b/gu;

/** `two more HGX nodes`: the only number of the line; `another node` is one. */
function countIn({ reading }: Talk): number | undefined {
  const amounts = spansOf(reading, 'amount').map(({ amount }) =>
    amount.shape === 'nodes' ? amount.groups : Number.NaN,
  );
  const said = [...amounts, ...spansOf(reading, 'number').map(({ value }) => value)];
  const isOne = matches(reading.line.text, /\b(?:another|one more|an? (?:additional|extra|new|further))\b/gu);
  const [count = isOne.length > 0 ? 1 : undefined, ...others] = said;
  return others.length === 0 && count !== undefined && Number.isInteger(count) && count > 0
    ? count
    : undefined;
}

function kw(watts: number): string {
  return `${(watts / 1000).toFixed(1)} kW`;
}
