/** Ids that Tab completes, asked of the ledger when it is pressed. */
export const idKinds = ['session', 'contract'] as const;

export type IdKind = (typeof idKinds)[number];

/** The command that completion asks; not for people, so it is in no help. */
export const completing = 'complete';

/** What an argument or an option of a command is named says what it takes: `<session>`, `<plan-or-contract>`. */
export function idKindOf(placeholder: string): IdKind | undefined {
  const words = placeholder.toLowerCase().split('-');
  return idKinds.find((kind) => words.includes(kind));
}
