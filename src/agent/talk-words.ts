const yes = String.raw`(?:yes|yep|yeah|yup|ya|ok|okay|sure|do it|go|go ahead|go for it|commit|commit it|commit that|confirm|confirmed|approve|approved|approve it|accept|accept it|ship it|lgtm|looks good|sounds good|that's fine|fine|perfect|great|good|make it so|book it|reserve it|take it|proceed|please|please do|do that|do so|execute|sign it|agreed|right|correct|absolutely|definitely|of course|thanks|then|now|it|that|the plan|this plan|release it|let's go|let's do it|let's do that|yes please|all right|alright|just|and)`;

const no = String.raw`(?:no|nope|nah|cancel|cancel it|cancel that|never ?mind|forget it|forget that|drop it|drop that|drop the plan|discard|discard it|abort|stop|stop it|leave it|don't|do not|don't do it|do not do it|rather not|no thanks|no thank you|thanks|not now|please|the plan|scrap it|scrap that)`;

const between = String.raw`[\s,.!;:'"-]*`;

const affirmation = new RegExp(`^${between}(?:${yes}${between})+$`, 'u');
const isOnlyPolite = new RegExp(
  `^${between}(?:(?:thanks|please|great|good|perfect|right|now|then|it|that|and|just|fine|the plan|this plan)${between})+$`,
  'u',
);
const refusal = new RegExp(`^${between}(?:${no}${between})+$`, 'u');
const refusalWord =
  /\b(?:no|nope|nah|cancel|never ?mind|forget|drop|discard|abort|stop|don't|do not|leave|rather not|not now|scrap)\b/u;

/** A line that says yes and nothing else: `ok do it`. */
export function isAffirmation(text: string): boolean {
  return affirmation.test(text) && !isOnlyPolite.test(text);
}

/** A line that says no and nothing else. */
export function isRefusal(text: string): boolean {
  return refusal.test(text) && refusalWord.test(text);
}

/** Words that speak of a request already made: `same but 24`, `make it two weeks`, `in Amsterdam instead`. */
export function isAmendment(text: string): boolean {
  return /\b(?:make (?:it|that|them)|change|same|instead|move (?:it|that|them)|switch|rather|actually|what about|how about|push (?:it|that)|shorten|extend|longer|shorter|increase|reduce|double|halve|but|drop|set (?:it|that)|keep (?:it|that)|let it|start (?:it|that)|it (?:should|must|has to|needs to)|also|leave (?:it|that|this)|ignore (?:it|that|this)|then (?:use|take|with))\b|^\W*(?:and|or|then|no,?|ok,?|sorry,?)\s/u.test(
    text,
  );
}
