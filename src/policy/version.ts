/**
 * Of the code that reads rule packs. Counted up whenever a verdict on the same packs and facts says something else, be it
 * in its words: packs carry it, so that no entry is compared with what another reader would have said.
 */
export const readerVersion = 'policy/1';
