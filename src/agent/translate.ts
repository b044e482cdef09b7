import type { Line } from './normalise.ts';

/**
 * German, French and Spanish words that carry a request, in English. Everything else stays as it is and is reported
 * as unread. Left of `=` without accents, as `fold` writes it.
 */
const german = dictionary(`
  ich=i wir=we brauche=need brauchen=need benotige=need benotigen=need mochte=want mochten=want will=want
  gib=give gebt=give reserviere=reserve reservieren=reserve buche=book buchen=book plane=plan
  bitte=please und=and oder=or mit=with fur=for ab=from bis=until von=from zum=until im=in vom=from
  auf=on uber=over unter=under ohne=without nicht=not kein=no keine=no keinen=no ausser=except nur=only
  mindestens=at_least hochstens=at_most maximal=at_most ist=is sind=are gibt=gives es=it wie=how viele=many
  frei=free freie=free freien=free verfugbar=available welche=which zeig=show zeige=show liste=list
  knoten=nodes server=servers karten=cards stuck=x warum=why wieso=why wenn=if passiert=happens
  ausfallt=fails verlieren=lose haben=have vertrag=contract vertrage=contracts freigeben=release
  freigebe=release jetzt=now sofort=now heute=today morgen=tomorrow ubermorgen=day_after_tomorrow
  nachste=next nachsten=next nachster=next nachstes=next kommenden=next kommende=next
  ubernachste=next_next ubernachsten=next_next diese=this dieser=this diesen=this
  tag=day tage=days tagen=days woche=week wochen=weeks monat=month monate=months monaten=months
  stunde=hour stunden=hours jahr=year jahre=years montag=monday dienstag=tuesday mittwoch=wednesday
  donnerstag=thursday freitag=friday samstag=saturday sonnabend=saturday sonntag=sunday
  januar=january februar=february marz=march mai=may juni=june juli=july oktober=october
  dezember=december anfang=start_of mitte=mid ende=end_of
  ein=a eine=a einen=a einem=a einer=a zwei=two drei=three vier=four funf=five sechs=six sieben=seven
  acht=eight neun=nine zehn=ten zwolf=twelve sechzehn=sixteen zwanzig=twenty vierundzwanzig=twenty_four
  zweiunddreissig=thirty_two vierundsechzig=sixty_four halbe=half halben=half dutzend=dozen
  gunstigste=cheapest billigste=cheapest gunstig=cheap schnellste=fastest fruhestens=not_before spatestens=by
  pro=per taglich=daily insgesamt=in_total team=team mandant=tenant standort=site deutschland=germany
  frankreich=france niederlande=netherlands europa=europe osterreich=austria schweiz=switzerland
  dsgvo=gdpr speicher=memory kerne=cores kernen=cores selben=same gleichen=same einzigen=single
  verlangere=extend verlangern=extend verkurze=shorten verkurzen=shorten verschiebe=move verschieben=move um=by
  erhohe=increase reduziere=reduce dediziert=dedicated dedizierte=dedicated uhr=oclock der=the die=the das=the den=the dem=the des=the
  in=in am=on an=on was=what ja=yes nein=no mach=make statt=instead_of stattdessen=instead
`);
const french = dictionary(`
  je=i nous=we veux=want voudrais=want voudrions=want besoin=need faut=need donne=give donnez=give
  reserve=reserve reserver=reserve avec=with pour=for pendant=for des=from depuis=from jusqu=until au=until
  et=and ou=or dans=in en=in sur=on sous=under sans=without pas=not sauf=except hors=outside seulement=only
  minimum=minimum plus=more libre=free libres=free disponibles=available combien=how_many quels=which
  quelles=which montre=show montrez=show affiche=show noeuds=nodes serveurs=servers cartes=cards
  pourquoi=why si=if contrat=contract contrats=contracts liberer=release maintenant=now aujourd'hui=today
  demain=tomorrow prochain=next prochaine=next jour=day jours=days semaine=week semaines=weeks mois=month
  heure=hour heures=hours an=year ans=years lundi=monday mardi=tuesday mercredi=wednesday jeudi=thursday
  vendredi=friday samedi=saturday dimanche=sunday janvier=january fevrier=february mars=march avril=april
  mai=may juin=june juillet=july aout=august septembre=september octobre=october novembre=november
  decembre=december un=a une=a deux=two trois=three quatre=four cinq=five six=six sept=seven huit=eight
  neuf=nine dix=ten seize=sixteen trente=thirty equipe=team locataire=tenant allemagne=germany
  france=france europe=europe ue=EU rgpd=gdpr memoire=memory coeurs=cores par=per meme=same
  prolonge=extend prolonger=extend prolongez=extend raccourcis=shorten raccourcir=shorten deplace=move
  deplacer=move le=the la=the les=the l'=the du=from oui=yes non=no partir=starting moins=less cher=cheap
`);
const spanish = dictionary(`
  necesito=need necesitamos=need necesita=need quiero=want queremos=want quisiera=want dame=give
  danos=give reserva=reserve reservar=reserve reservame=reserve para=for durante=for desde=from hasta=until
  con=with sin=without de=of del=of el=the los=the las=the la=the y=and o=or en=in sobre=on bajo=under
  no=not excepto=except salvo=except fuera=outside solo=only minimo=minimum maximo=at_most
  libres=free disponibles=available cuantos=how_many cuantas=how_many muestra=show muestrame=show
  lista=list nodos=nodes servidores=servers tarjetas=cards contrato=contract contratos=contracts
  a=to liberar=release libera=release ahora=now hoy=today manana=tomorrow pasado=past proximo=next proxima=next
  semana=week semanas=weeks dia=day dias=days mes=month meses=months hora=hour horas=hours ano=year
  anos=years lunes=monday martes=tuesday miercoles=wednesday jueves=thursday viernes=friday
  sabado=saturday domingo=sunday enero=january febrero=february marzo=march abril=april mayo=may
  junio=june julio=july agosto=august septiembre=september octubre=october noviembre=november
  diciembre=december un=a una=a dos=two tres=three cuatro=four cinco=five seis=six siete=seven
  ocho=eight nueve=nine diez=ten doce=twelve dieciseis=sixteen veinte=twenty treinta=thirty
  equipo=team alemania=germany francia=france espana=spain europa=europe ue=EU rgpd=gdpr
  extiende=extend extender=extend prolonga=extend acorta=shorten acortar=shorten mueve=move mover=move
  estan=are memoria=memory barato=cheap por=per si=if que=that mas=more menos=less
`);

/** Words that are English too: they are translated only when another word has shown the language. */
const shared = new Set(
  `will plan team server in am an die was not des pour plus minimum reserve on six sept mars france europe
   en sur si sous du la le les an ans an par un non cher son liste war so stuck server an mai juni marz
   in ou et au des mit pro es ab uber bis con de del o y no el los las solo dos de a por si que mas para mes minimum mayo hora lista sin sobre salvo karten tag den dem das ende mach site ja us it ist`
    .split(/\s+/u)
    .filter((word) => word !== ''),
);

/** Puts English words in the place of known German, French or Spanish ones; places in `raw` are kept. */
export function translate(line: Line): Line {
  const language = [german, french, spanish].find((words) => speaks(line.text, words));
  if (language === undefined) return line;
  const out = { text: '', cased: '', starts: new Array<number>(), ends: new Array<number>() };
  const keep = (from: number, to: number) => {
    out.text += line.text.slice(from, to);
    out.cased += line.cased.slice(from, to);
    out.starts.push(...line.starts.slice(from, to));
    out.ends.push(...line.ends.slice(from, to));
  };
  let done = 0;
  for (const { 0: word, index } of line.text.matchAll(/[a-z][a-z']*/gu)) {
    const english = language.get(word);
    if (english === undefined) continue;
    keep(done, index);
    done = index + word.length;
    out.text += english.toLowerCase();
    out.cased += english;
    for (let i = 0; i < english.length; i++) {
      out.starts.push(line.starts[index] ?? 0);
      out.ends.push(line.ends[done - 1] ?? line.raw.length);
    }
  }
  keep(done, line.text.length);
  return { raw: line.raw, ...out };
}

function speaks(text: string, words: ReadonlyMap<string, string>): boolean {
  for (const [word] of text.matchAll(/[a-z][a-z']*/gu)) {
    const english = words.get(word);
    if (english !== undefined && english !== word && !shared.has(word)) return true;
  }
  return false;
}

function dictionary(pairs: string): ReadonlyMap<string, string> {
  const words = new Map<string, string>();
  for (const pair of pairs.trim().split(/\s+/u)) {
    const [foreign = '', english = ''] = pair.split('=');
    words.set(foreign, english.replaceAll('_', ' '));
  }
  return words;
}
