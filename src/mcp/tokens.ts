import type { Json } from './json.ts';

/** Words, numbers, signs, and whatever is not ASCII. */
const piece = /[A-Za-z]+|\d+|[!-/:-@[-`{-~]+|[^\s!-~]+/gu;

/**
 * About how many tokens the compact JSON is to a model. Vocabularies differ and none is shipped; this counts as o200k does
 * on our answers, within a seventh. Bytes would not do: prose has four to a token, ids of nodes have two.
 */
export function sizeTokens(value: Json): number {
  let tokens = 0;
  for (const [text] of JSON.stringify(value).matchAll(piece)) tokens += tokensOf(text);
  return tokens;
}

/** Words go by six letters, digits and signs by three; what is not ASCII by one. */
function tokensOf(text: string): number {
  const code = text.charCodeAt(0);
  if (code > 127) return text.length;
  return Math.ceil(text.length / (/[A-Za-z]/.test(text.charAt(0)) ? 6 : 3));
}
