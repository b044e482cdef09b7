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
  return new Map(
    pieces.flatMap((piece): readonly [string, string][] => {
      const at = piece.indexOf('=');
      const value = piece.slice(at + 1).trim();
      return at < 1 || value === '(null)' ? [] : [[piece.slice(0, at), value]];
    }),
  );
}

/** A list such as `Users=root,daemon`; empty where there is none. */
export function listOf(value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : value.split(',');
}
