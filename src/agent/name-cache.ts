import { InventoryList, type InventorySummary, RecordList } from '../model/inventory-view.ts';
import { type Gazetteer, gazetteerOf, type NodeName } from './gazetteer.ts';
import type { Line } from './normalise.ts';
import { unknownIds } from './spans/name.ts';
import type { Span } from './spans/span.ts';
import type { ToolCalls } from './tool-calls.ts';

/** Names of nodes that lines have mentioned, looked up once for each state of the inventory. */
export class NameCache {
  #key = '';
  #gazetteer: Gazetteer | undefined;
  #nodes: NodeName[] = [];
  readonly #asked = new Map<string, string | undefined>();

  async resolve(
    line: Line,
    summary: InventorySummary,
    calls: ToolCalls,
  ): Promise<{ gazetteer: Gazetteer; unknown: readonly Span[] }> {
    const key = `${summary.snapshot.head} ${summary.snapshot.inventory}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#nodes = [];
      this.#asked.clear();
      this.#gazetteer = undefined;
    }
    const known = this.#gazetteer ?? gazetteerOf(summary, this.#nodes);
    const before = this.#nodes.length;
    for (const { id } of unknownIds(line, known)) if (!this.#asked.has(id)) await this.#lookUp(id, calls);
    this.#gazetteer = this.#nodes.length === before ? known : gazetteerOf(summary, this.#nodes);
    return { gazetteer: { ...this.#gazetteer, summary }, unknown: this.#unknown(line, this.#gazetteer) };
  }

  async #lookUp(id: string, calls: ToolCalls): Promise<void> {
    const list = await calls.ask('inventory_search', { text: id, limit: 50 }, InventoryList);
    const fitting = list.nodes.filter(
      (node) =>
        node.hostName.toLowerCase() === id ||
        `/${node.id}`.endsWith(`/${id}`) ||
        node.id.replaceAll('/', '-').endsWith(id),
    );
    this.#nodes.push(...fitting.map((node) => ({ id: node.id, hostName: node.hostName })));
    if (fitting.length > 0) {
      this.#asked.set(id, undefined);
      return;
    }
    const { notFound } = await calls.ask('inventory_get', { ids: [id] }, RecordList);
    this.#asked.set(id, notFound[0]?.didYouMean);
  }

  #unknown(line: Line, gazetteer: Gazetteer): readonly Span[] {
    return unknownIds(line, gazetteer).map(({ from, to, id }) => {
      const near = this.#asked.get(id);
      return {
        from,
        to,
        kind: 'unknown-place',
        asked: id,
        ...(near === undefined ? {} : { didYouMean: near }),
      };
    });
  }
}
