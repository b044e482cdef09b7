/** Looks of the page. Colours come in pairs of text and ground, for light and dark. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --ink: #16191d; --quiet: #5b6470; --line: #dfe3e8; --soft: #eef1f4;
  --good: #1a7f4b; --good-soft: #e2f3ea; --bad: #b42318; --bad-soft: #fdeceb; --warn: #8a5a00; --warn-soft: #fdf3dc;
  --accent: #1f5fae; --bar: #8fb8e8; --person: #eaf1fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111418; --card: #191d23; --ink: #e8ebef; --quiet: #9aa5b1; --line: #2c333c; --soft: #222831;
    --good: #5fcf94; --good-soft: #16301f; --bad: #ff938a; --bad-soft: #3a1a18; --warn: #f0bf5b; --warn-soft: #33280f;
    --accent: #82b3f2; --bar: #33619b; --person: #1b2a40;
  }
}
* { box-sizing: border-box; }
body { background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; margin: 0; }
.wrap { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.25rem 4rem; }
h1 { font-size: 1.5rem; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
h3 { color: var(--quiet); font-size: .72rem; letter-spacing: .06em; margin: 1.1rem 0 .35rem; text-transform: uppercase; }
header p { color: var(--quiet); margin: .25rem 0 0; overflow-wrap: anywhere; }
.verdict { border-radius: .5rem; font-weight: 600; margin: 1rem 0 0; padding: .55rem .8rem; }
.verdict.good { background: var(--good-soft); color: var(--good); } .verdict.bad { background: var(--bad-soft); color: var(--bad); }
.tiles { display: grid; gap: .75rem; grid-template-columns: repeat(4, 1fr); margin: 1rem 0; }
.tile, section.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .8rem .95rem; }
.tile b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums; letter-spacing: -.02em; line-height: 1.25; }
.tile span { color: var(--quiet); font-size: .82rem; } .tile small { color: var(--quiet); display: block; font-size: .75rem; }
section.card { margin: 1rem 0; padding: 1rem 1.1rem; }
.pair { display: grid; gap: 1rem; grid-template-columns: 1fr 1fr; } .pair section.card { margin: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100%; }
th { color: var(--quiet); font-size: .78rem; font-weight: 600; }
th, td { border-bottom: 1px solid var(--line); padding: .32rem .55rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; text-align: left; } tr:last-child td { border-bottom: 0; font-weight: 600; }
td.plot { min-width: 11rem; padding-block: .1rem; } svg { display: block; }
svg text { fill: var(--quiet); font-size: 12.5px; } .axis { stroke: var(--line); } .track { fill: var(--soft); }
.fill { fill: var(--bar); } .fill.part { fill: var(--bad); } .range { stroke: var(--ink); stroke-width: 1.6; }
.filters { align-items: end; display: flex; flex-wrap: wrap; gap: .6rem .8rem; margin: 0 0 .8rem; }
.filters label { color: var(--quiet); display: grid; font-size: .75rem; gap: .15rem; }
select, input { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; color: var(--ink); font: inherit; font-size: .88rem; padding: .3rem .5rem; }
input { min-width: 14rem; } output { color: var(--quiet); font-size: .85rem; margin-left: auto; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
details.run { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; }
details.run[open] { border-color: var(--quiet); }
summary { align-items: baseline; cursor: pointer; display: flex; flex-wrap: wrap; gap: .3rem .6rem; list-style: none; padding: .5rem .8rem; }
summary::-webkit-details-marker { display: none; }
summary::before { color: var(--quiet); content: '▸'; } details[open] > summary::before { content: '▾'; }
summary .id { font-weight: 600; overflow-wrap: anywhere; } summary .why { color: var(--bad); flex-basis: 100%; font-size: .84rem; margin-left: 1.2rem; overflow-wrap: anywhere; }
summary .time { color: var(--quiet); font-size: .8rem; margin-left: auto; }
.tag { background: var(--soft); border-radius: 1rem; color: var(--quiet); font-size: .74rem; padding: .05rem .55rem; }
.passed { background: var(--good-soft); color: var(--good); } .failed, .breach { background: var(--bad-soft); color: var(--bad); } .stale { background: var(--warn-soft); color: var(--warn); }
.inside { border-top: 1px solid var(--line); padding: .2rem .9rem 1rem; }
.parts { display: flex; flex-wrap: wrap; gap: .3rem; }
.talk { border-left: 2px solid var(--line); margin-left: .3rem; padding-left: .9rem; }
.say { background: var(--person); border-radius: .5rem; display: inline-block; margin: .7rem 0 .4rem; max-width: 100%; overflow-wrap: anywhere; padding: .35rem .7rem; }
.say::before { color: var(--quiet); content: 'person  '; font-size: .75rem; }
.text { overflow-wrap: anywhere; white-space: pre-wrap; }
.call { background: var(--soft); border-radius: .35rem; font: .8rem/1.5 ui-monospace, 'SF Mono', Menlo, monospace; margin: .25rem 0; padding: .3rem .6rem; }
.call summary { display: block; overflow: hidden; padding: 0; text-overflow: ellipsis; white-space: nowrap; } .call summary::before { content: none; }
.call b { color: var(--accent); font-weight: 600; } .call .no { color: var(--bad); }
pre { font: .8rem/1.5 ui-monospace, 'SF Mono', Menlo, monospace; margin: .35rem 0 0; max-height: 28rem; overflow: auto; overflow-wrap: anywhere; white-space: pre-wrap; }
.diff { font: .82rem/1.6 ui-monospace, 'SF Mono', Menlo, monospace; overflow-wrap: anywhere; }
.diff .minus { background: var(--bad-soft); color: var(--bad); } .diff .plus { background: var(--good-soft); color: var(--good); }
.diff .moved { font-weight: 700; text-decoration: underline; } .diff div { border-radius: .25rem; padding: 0 .5rem; }
.none, footer { color: var(--quiet); } footer { font-size: .8rem; margin-top: 2rem; } button { background: var(--card); border: 1px solid var(--line); border-radius: .4rem; color: var(--accent); cursor: pointer; font: inherit; padding: .35rem .9rem; }
@media (max-width: 52rem) {
  .tiles { grid-template-columns: 1fr 1fr; gap: .5rem; }
  .pair { grid-template-columns: 1fr; } .wrap { padding: 1rem .8rem 3rem; } td.plot { min-width: 7rem; } input { min-width: 0; width: 100%; }
  .filters label:has(input) { flex-basis: 100%; } .wide { display: none; } th, td { padding-inline: .35rem; }
}
`;
