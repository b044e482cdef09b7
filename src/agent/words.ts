const list = (words: string): ReadonlySet<string> => new Set(words.trim().split(/\s+/u));

/** Words that carry no request: they may stand anywhere without changing what is meant. */
export const fillers = list(`
  show list tell describe find display print fleet getting know what's whats who's where's how's which's hello
  le la les de du des il elle et un une der die das den dem und
  a an the this that these those it its it's they them their there there's here i i'd i'll i'm i've me my mine
  we we'd we'll we're we've us our ours you you'd your he she his her one ones
  is are was were be been being am do does did done doing has have had having will would shall should can could may
  might must let let's lets get gets got give gives gave go goes going put make makes made see look looks
  and or then so also too plus as at by for from in into inside of off on onto out over per to under up upon via
  with within which who whom whose what where when how than
  please pls plz thanks thank thx hi hello hey dear kindly just simply really basically actually quite very much
  maybe perhaps okay ok well oh um uh er alright right yes yeah yep sure cool great nice good fine btw
  need needs needed want wants wanted like likes require requires required would'd prefer wish wishes hope
  team tenant customer user users people someone everybody everyone somebody guys folks
  site sites place places location locations datacenter datacentre region regions area rack racks node nodes
  gpu gpus card cards server servers machine machines hardware capacity compute resources resource
  some any all other others another both either
  about around roughly approximately total altogether worth
  model models type types kind kinds sort long length duration time times period start starts starting end ends
  day days count number amount size purpose work working run runs running use uses using used
  new job jobs workload workloads cluster training-job request requests allocation allocations place placement
  exactly precisely only anyway regards cheers morning afternoon evening asap possible
  via through between across during while because since etc ie eg e.g i.e s re d ll t ve
  basis cost costs price priced money budget max maximum min minimum least most more
  instead rather sorry wait correction
  law laws rules rule regulation regulations compliant compliance data stay stays kept keep keeps
  free idle available spare left currently link links linked network fabric connected connection connectivity
  w but alone else better possibly takes take taking lasts finish finished done ready yo hmm say said says
  mean meant love wanna gonna gotta kinda aber
  support supports supported still already ever today now
`);

/** Words that turn a request around. Unread in a request that plans or changes something, they stop it. */
export const negations = list(`
  not no never none neither nor without except excluding excluded exclude excludes unless avoid avoiding avoids but-not
  cannot can't cant don't dont doesn't doesnt didn't won't wont isn't isnt aren't arent mustn't shouldn't shan't
  nothing nobody nowhere outside apart otherwise excluding barring forbid forbidden prohibited
  ban banned skip ignore bypass minus
  nicht kein keine keinen keiner ohne ausser sauf sans pas jamais aucun aucune hormis excepte
`);

/** Words that make one request many: there is no plan for them yet. */
export const recurrences = list(`
  every each daily weekly monthly nightly hourly recurring repeatedly twice thrice weekdays weekends mondays tuesdays
  wednesdays thursdays fridays saturdays sundays again
`);

/** Words of the calendar. A site may be called `may`, and a request may still mean the month. */
export const calendarWords = list(`
  now today tomorrow tonight yesterday day week weekend month quarter year hour morning noon evening night midnight
  monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun
  january february march april may june july august september october november december
  jan feb mar apr jun jul aug sep sept oct nov dec
`);

/** Words of acts and answers. */
const actWords = list(`
  release commit drain cancel confirm approve accept reject plan book reserve explain verify undo extend change move
  spot cheap cheapest soonest fastest dedicated shared elastic training inference memory storage power ledger contract
`);

/** Whether a name is also a word that says something else: it is read as a name only where a name must stand. */
export function isOrdinary(word: string): boolean {
  return [fillers, negations, recurrences, relatives, divisions, calendarWords, actWords].some((words) =>
    words.has(word),
  );
}

/** Words that cut one request into parts, each with terms of its own. */
export const divisions = list(
  `split splits splitting divided divide spread distributed distribute evenly equally half respectively`,
);

/** Words that change something relative to what it was. */
export const relatives = list(`
  longer shorter later earlier sooner double doubled halve halved twice half triple extend extended shorten shortened
  increase increased reduce reduced decrease fewer less bigger smaller faster cheaper
`);
