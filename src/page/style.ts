/** Looks of the page: for a phone first, dark where the reader's machine is. Colours come as text and ground. */
export const style = `
:root {
  color-scheme: light dark;
  --ground: #f6f7f9; --card: #fff; --ink: #16191d; --quiet: #545d68; --line: #d5dae0;
  --good: #17663d; --good-soft: #e2f3ea; --bad: #a61b12; --bad-soft: #fdeceb; --warn: #7a4f00; --warn-soft: #fdf3dc;
  --accent: #1f5fae;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111418; --card: #191d23; --ink: #e8ebef; --quiet: #a3adb9; --line: #343c46;
    --good: #5fcf94; --good-soft: #16301f; --bad: #ff938a; --bad-soft: #3a1a18; --warn: #f0bf5b; --warn-soft: #33280f;
    --accent: #82b3f2;
  }
}
* { box-sizing: border-box; }
body { background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; margin: 0; }
header, main, footer { margin: 0 auto; max-width: 46rem; padding: 0 1rem; }
header { align-items: center; display: flex; flex-wrap: wrap; gap: .25rem 1rem; justify-content: space-between; padding-top: 1rem; }
header p, footer p { color: var(--quiet); margin: 0; }
footer { font-size: .85rem; padding-bottom: 3rem; padding-top: 1rem; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 1rem 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 .5rem; }
a { color: var(--accent); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; margin: 1rem 0; padding: .9rem 1rem; }
ul.cards { list-style: none; margin: 0; padding: 0; }
ul.cards li { border-top: 1px solid var(--line); padding: .7rem 0; }
ul.cards li:first-child { border-top: 0; padding-top: 0; }
dl { display: grid; gap: .1rem 1rem; grid-template-columns: minmax(0, 1fr); margin: 0; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
@media (min-width: 40rem) { dl { grid-template-columns: 11rem minmax(0, 1fr); } dd { margin: 0; } }
code { font: .85em/1.5 ui-monospace, 'Cascadia Mono', Menlo, monospace; overflow-wrap: anywhere; }
.note { border-radius: .5rem; margin: 1rem 0; overflow-wrap: anywhere; padding: .7rem .9rem; }
.note p { margin: 0; } .note p + p { margin-top: .3rem; }
.good { background: var(--good-soft); color: var(--good); } .bad { background: var(--bad-soft); color: var(--bad); }
.warn { background: var(--warn-soft); color: var(--warn); }
.quiet { color: var(--quiet); } .state { font-weight: 600; }
label { display: block; font-size: .9rem; margin: 0 0 .25rem; }
input[type=text] { background: var(--ground); border: 1px solid var(--quiet); border-radius: .4rem; color: var(--ink); font: inherit; padding: .5rem .6rem; width: 100%; }
button { border: 0; border-radius: .4rem; cursor: pointer; font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.1rem; }
button.yes { background: var(--good); color: var(--card); } button.no { background: var(--bad); color: var(--card); margin-top: .6rem; }
.word form + form { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: 1rem; }
button.plain { background: none; color: var(--accent); font-weight: 400; min-height: 0; padding: 0; text-decoration: underline; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;
