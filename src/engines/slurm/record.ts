/** One line of `scontrol -o show`, by key. Values may hold blanks: a key begins a new one. `(null)` is nothing. */
export type SlurmRecord = ReadonlyMap<string, string>;

/** The records of a listing that begin with this key. What else is printed, such as `No reservations …`, is none. */
export function recordsOf(text: string, key: string): readonly SlurmRecord[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => readRecord(line));
}

function readRecord(line: string): SlurmRecord {
  const pieces = line.trim().split(/ +(?=[A-Z][A-Za-z:]{0,40}=)/u);
  let node = '';
  return new Map(
    pieces.flatMap((piece): readonly [string, string][] => {
      const at = piece.indexOf('=');
      const [key, value] = [piece.slice(0, at), piece.slice(at + 1).trim()];
      if (at < 1 || value === '(null)') return [];
      if (key === 'NodeName') node = value;
      return [[key === 'CoreIDs' ? coresKey(node) : key, value]];
    }),
  );
}

/** A reservation of parts of nodes says which cores of each: `NodeName=n01 CoreIDs=0-31`, once for each node. */
export function coresKey(node: string): string {
  return `CoreIDs ${node}`;
}

/** A list such as `Users=root,daemon`; empty where there is none. */
export function listOf(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : value.split(',');
}
