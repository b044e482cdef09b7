import { at, listAt, textAt } from '../json-value.ts';
import { idAt, type NetboxObject, type NetboxTables, tableOf } from './export.ts';
import { choiceAt } from './type.ts';

/** Something that a cable ends in. */
export type End = { readonly table: string; readonly id: string; readonly deviceId: string | undefined };

/** What hangs on what, by the cables of an export. */
export class Cabling {
  readonly #tables: NetboxTables;
  readonly #far: ReadonlyMap<string, readonly End[]>;

  constructor(tables: NetboxTables) {
    this.#tables = tables;
    this.#far = farEnds(tables);
  }

  /** Where the path from a port ends: NetBox's own tracing where it is exported, else the other end of the cable. */
  endsOf(port: NetboxObject): readonly End[] {
    const traced = this.#ends(port, 'connected_endpoints');
    if (traced.length > 0) return at(port.value, 'connected_endpoints_reachable') === false ? [] : traced;
    const peers = this.#ends(port, 'link_peers');
    return peers.length > 0 ? peers : (this.#far.get(`${port.table} ${port.id}`) ?? []);
  }

  /** The power feeds behind a port, through the outlets of power strips. */
  feedsOf(port: NetboxObject, seen: ReadonlySet<string> = new Set()): readonly string[] {
    if (seen.has(port.id) || seen.size > 8) return [];
    return this.endsOf(port).flatMap((end) => {
      if (end.table === 'powerfeed') return [end.id];
      const outlet = end.table === 'poweroutlet' ? this.#tables.at('poweroutlet', end.id) : undefined;
      const inlet = this.#tables.at('powerport', idAt(outlet?.value, 'power_port'));
      return inlet === undefined ? [] : this.feedsOf(inlet, new Set([...seen, port.id]));
    });
  }

  /** The device a port is part of. */
  deviceOf({ table, id, deviceId }: End): string | undefined {
    return deviceId ?? idAt(this.#tables.at(table, id)?.value, 'device');
  }

  #ends(port: NetboxObject, key: 'connected_endpoints' | 'link_peers'): readonly End[] {
    const table = textAt(port.value, `${key}_type`);
    return listAt(port.value, key).flatMap((end) => {
      const own = tableOf(textAt(end, '__typename') ?? table ?? textAt(end, 'url'));
      const id = idAt({ end }, 'end');
      return own === undefined || id === undefined ? [] : [{ table: own, id, deviceId: idAt(end, 'device') }];
    });
  }
}

/** By port, the other ends of its cable. Cables that are only planned join nothing. */
function farEnds(tables: NetboxTables): ReadonlyMap<string, readonly End[]> {
  const far = new Map<string, End[]>();
  for (const { value } of tables.all('cable')) {
    if ((choiceAt(value, 'status') ?? 'connected') !== 'connected') continue;
    const a = terminations(value, 'a_terminations');
    const b = terminations(value, 'b_terminations');
    for (const [near, other] of [
      ...a.map((end) => [end, b] as const),
      ...b.map((end) => [end, a] as const),
    ]) {
      const key = `${near.table} ${near.id}`;
      far.set(key, [...(far.get(key) ?? []), ...other]);
    }
  }
  return far;
}

function terminations(cable: unknown, key: string): readonly End[] {
  return listAt(cable, key).flatMap((end) => {
    const table = tableOf(textAt(end, 'object_type') ?? textAt(end, '__typename'));
    const id = idAt(end, 'object_id') ?? idAt({ end }, 'end');
    if (table === undefined || id === undefined) return [];
    return [{ table, id, deviceId: idAt(end, 'object', 'device') ?? idAt(end, 'device') }];
  });
}
