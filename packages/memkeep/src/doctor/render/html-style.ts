/** How the page looks: on screens light or dark as the reader's system is, on paper as ink on white. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ground: #f4f3ef; --ink: #1c1f24; --soft: #565d68; --line: #dcd9d1; --wash: #f8f7f3;
  --critical: #8f1230; --high: #b3341a; --medium: #8a5300; --low: #1c5d8c; --info: #565d68; --good: #1b6b45;
  --on: #ffffff; --link: #1c5d8c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #1b1e23; --ground: #121418; --ink: #e9e7e1; --soft: #a9aeb7; --line: #363b44; --wash: #22262c;
    --critical: #ff8fa3; --high: #ff9d7d; --medium: #f2b84b; --low: #8cc4ee; --info: #a9aeb7; --good: #7fd3a5;
    --on: #14161a; --link: #8cc4ee;
  }
}
* { box-sizing: border-box; }
html { font: 100%/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
body { margin: 0; background: var(--ground); color: var(--ink); overflow-wrap: anywhere; }
header, main, footer { max-width: 58rem; margin: 0 auto; padding: 0 1.25rem; }
header { display: flex; gap: 1.5rem; align-items: center; padding-top: 2.5rem; padding-bottom: 1.75rem; }
header div { flex: 1; min-width: 0; }
h1, h2, h3 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: clamp(1.5rem, 4.5vw, 2.1rem); letter-spacing: -0.015em; }
h2 { font-size: 1.3rem; }
h3 { font-size: 1.05rem; }
p { margin: 0; }
a { color: var(--link); text-underline-offset: 0.15em; }
a:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 2px; }
code { font: 0.9em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; background: var(--wash); border: 1px solid var(--line); border-radius: 4px; padding: 0.05em 0.3em; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
.eyebrow { color: var(--soft); font-size: 0.8rem; font-weight: 600; letter-spacing: 0.08em; text-transform: uppercase; margin-bottom: 0.35rem; }
.soft { color: var(--soft); font-size: 0.92rem; }
header .soft { margin-top: 0.45rem; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 12px; padding: 1.5rem; margin-bottom: 1.5rem; }
.card > * + * { margin-top: 1.1rem; }
.grade { display: inline-flex; align-items: center; justify-content: center; flex: none; font-weight: 700; border-radius: 10px; background: var(--info); color: var(--on); width: 2.1rem; height: 2.1rem; font-size: 1.1rem; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
header .grade { width: 5.25rem; height: 5.25rem; font-size: 3rem; border-radius: 20px; }
.A, .B { background: var(--good); } .C { background: var(--medium); } .D { background: var(--high); } .F { background: var(--critical); }
table { width: 100%; border-collapse: collapse; font-size: 0.95rem; }
th, td { text-align: left; padding: 0.55rem 0.75rem 0.55rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
th { color: var(--soft); font-size: 0.8rem; font-weight: 600; }
tbody tr:last-child > * { border-bottom: 0; }
tbody th { color: inherit; font-size: inherit; }
td:first-child, thead th:first-child { width: 3.75rem; }
.next { border-left: 4px solid var(--good); background: var(--wash); border-radius: 0 8px 8px 0; padding: 0.9rem 1.1rem; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.next p + p { margin-top: 0.3rem; }
.server { display: flex; gap: 0.9rem; align-items: center; }
.server > div { min-width: 0; }
dl { margin: 0; display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: 0.35rem 1.1rem; font-size: 0.95rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
.finding { border-top: 1px solid var(--line); padding-top: 1.1rem; }
.finding > * + * { margin-top: 0.6rem; }
.title { display: flex; flex-wrap: wrap; gap: 0.35rem 0.7rem; align-items: baseline; }
.severity { flex: none; font-size: 0.75rem; font-weight: 700; letter-spacing: 0.04em; text-transform: uppercase; padding: 0.12rem 0.55rem; border-radius: 99px; color: var(--on); background: var(--info); -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.critical { background: var(--critical); } .high { background: var(--high); } .medium { background: var(--medium); } .low { background: var(--low); }
.evidence { list-style: none; margin-bottom: 0; padding: 0.7rem 0.9rem; background: var(--wash); border: 1px solid var(--line); border-radius: 8px; font: 0.85rem/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; }
.evidence li + li { margin-top: 0.5rem; padding-top: 0.5rem; border-top: 1px dashed var(--line); }
.evidence span { display: grid; grid-template-columns: 5.2rem 1fr; }
.evidence b { color: var(--soft); font-weight: 400; }
.cure { border-left: 3px solid var(--good); padding-left: 0.8rem; }
.label { color: var(--soft); font-weight: 600; }
ul.plain { margin: 0.5rem 0 0; padding-left: 1.2rem; }
ul.plain li + li { margin-top: 0.35rem; }
footer { padding-bottom: 3rem; color: var(--soft); font-size: 0.88rem; }
footer p + p { margin-top: 0.6rem; }
@media (max-width: 34rem) {
  header { align-items: flex-start; flex-direction: column-reverse; gap: 1rem; padding-top: 1.5rem; }
  .card { padding: 1.1rem; border-radius: 10px; }
  thead { position: absolute; clip-path: inset(50%); }
  tbody tr { display: grid; grid-template-columns: 3rem 1fr; align-items: center; border-bottom: 1px solid var(--line); padding: 0.6rem 0; }
  tbody tr:last-child { border-bottom: 0; }
  tbody tr > * { border: 0; padding: 0; }
  tbody tr > :last-child { grid-column: 2; color: var(--soft); font-size: 0.9rem; }
  dl, .evidence span { grid-template-columns: 1fr; }
  dl { gap: 0; }
  dd + dt { margin-top: 0.6rem; }
}
@page { size: A4; margin: 16mm 15mm; }
@media print {
  :root {
    color-scheme: light;
    --paper: #ffffff; --ground: #ffffff; --ink: #000000; --soft: #444a54; --line: #c9c6bf; --wash: #f6f5f1;
    --critical: #8f1230; --high: #b3341a; --medium: #8a5300; --low: #1c5d8c; --info: #565d68; --good: #1b6b45;
    --on: #ffffff; --link: #000000;
  }
  html { font-size: 9.5pt; }
  header, main, footer { max-width: none; padding-left: 0; padding-right: 0; }
  header { padding-top: 0; flex-direction: row; align-items: center; }
  .card { border: 0; border-top: 2px solid var(--line); border-radius: 0; padding: 5mm 0 0; margin-bottom: 7mm; }
  .next { border: 1px solid var(--line); border-left: 4px solid var(--good); }
  .finding, .next, tr, li { break-inside: avoid; }
  h2, h3, .server, .title { break-after: avoid; }
  p, li { orphans: 3; widows: 3; }
}
`
