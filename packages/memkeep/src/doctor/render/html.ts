import { createHash } from 'node:crypto'
import type { Finding } from '../finding.ts'
import { judgeServer } from '../grade.ts'
import type { Accepted, AuditReport, Grade, JudgedServer } from '../report.ts'
import { STYLE } from './html-style.ts'
import { html, Markup, prose } from './markup.ts'
import { countOutcome, countServers, describeOutcome, formatDate, nextStep } from './words.ts'

/** Nothing but the page's own style: no script, no picture, no request, whatever a server put into its answers. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`

/** The report as one page that needs nothing else, to read, to print and to hand on. */
export function renderHtml(report: AuditReport): string {
  const { servers, grade, date, tool } = report
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${POLICY}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <title>memcached audit: ${countServers(servers.length)}, grade ${grade ?? 'none'}</title>
        ${new Markup(`<style>${STYLE}</style>`)}
      </head>
      <body>
        <header>
          <div>
            <p class="eyebrow">memkeep doctor</p>
            <h1>
              What ${servers.length === 1 ? 'this memcached server lets' : 'these memcached servers let'}
              strangers do
            </h1>
            <p class="soft">
              <time datetime="${date}">${formatDate(date)}</time> · memkeep ${tool} ·
              ${countServers(servers.length)}, ${countOutcome(servers)}
            </p>
          </div>
          ${gradeTile(grade)}
        </header>
        <main>${renderSummary(report)} ${servers.map((server, index) => renderServer(server, index))}</main>
        <footer>
          <p>
            Grades: F for a critical finding, D for a high one, C for a medium one, B for a low one or a
            version that is not known, else A. Findings that a baseline accepts do not count.
          </p>
          <p>
            The servers were only read; where --active was given, a marked test key was written and removed.
            What is known of versions comes from memcached's release notes and from CVE records; a
            distribution may have mended a fault without changing the version.
          </p>
        </footer>
      </body>
    </html> `
  return page.text
}

function renderSummary(report: AuditReport): Markup {
  const step = nextStep(report)
  return html`<section class="card" aria-labelledby="summary">
    <h2 id="summary">Summary</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">Grade</th>
          <th scope="col">Server</th>
          <th scope="col">Found</th>
        </tr>
      </thead>
      <tbody>
        ${report.servers.map(
          (judged, index) =>
            html`<tr>
              <td>${gradeTile(judged.grade)}</td>
              <th scope="row"><a href="#server-${index + 1}">${judged.server}</a></th>
              <td>${describeOutcome(judged)}</td>
            </tr> `,
        )}
      </tbody>
    </table>
    ${
      step === undefined
        ? html``
        : html`<div class="next">
            <p><strong>Next:</strong> ${step.title}, on ${step.server}.</p>
            <p>${prose(step.cure)}</p>
          </div>`
    }
    ${report.notes.length === 0 ? html`` : list('On the baseline', report.notes)}
  </section>`
}

function renderServer(server: JudgedServer, index: number): Markup {
  const { grade, version, facts, findings, unknowns, accepted } = server
  const id = `server-${String(index + 1)}`
  const verdict = judgeServer(server)
  const said = version === undefined ? 'Its version is not known' : `memcached ${version}`
  return html`<section class="card" aria-labelledby="${id}">
    <div class="server">
      ${gradeTile(grade)}
      <div>
        <h2 id="${id}">${server.server}</h2>
        <p class="soft">${verdict === undefined ? 'It was not reached' : `${said}; ${verdict.because}`}.</p>
      </div>
    </div>
    ${server.reached ? html`` : html`<p>${server.failure ?? ''}</p>`}
    ${
      facts.length === 0
        ? html``
        : html`<dl>
            ${facts.map(
              ({ name, value }) =>
                html`<dt>${name}</dt>
                  <dd>${value}</dd> `,
            )}
          </dl>`
    }
    ${findings.map(renderFinding)} ${unknowns.length === 0 ? html`` : list('Not known', unknowns)}
    ${accepted.length === 0 ? html`` : renderAccepted(accepted)}
  </section> `
}

function renderFinding({ id, severity, title, detail, evidence, why, cure }: Finding): Markup {
  return html`<article class="finding">
    <div class="title">
      <span class="severity ${severity}">${severity}</span>
      <h3>${title}</h3>
      <span class="soft">${id}</span>
    </div>
    ${detail === '' ? html`` : html`<p>${prose(capitalised(detail))}.</p>`}
    ${
      evidence.length === 0
        ? html``
        : html`<ul class="evidence" aria-label="Evidence">
            ${evidence.map(
              ({ sent, received }) =>
                html`<li>
                  <span><b>sent</b> ${sent}</span><span><b>received</b> ${received}</span>
                </li> `,
            )}
          </ul>`
    }
    <p><span class="label">Why.</span> ${prose(why)}</p>
    <p class="cure"><span class="label">Cure.</span> ${prose(cure)}</p>
  </article> `
}

function renderAccepted(accepted: readonly Accepted[]): Markup {
  return html`<div>
    <h3>Accepted by the baseline</h3>
    <ul class="plain">
      ${accepted.map(
        ({ finding: { severity, title, detail }, reason }) =>
          html`<li>${title} (${severity}${detail === '' ? '' : `, ${detail}`}): ${reason}</li> `,
      )}
    </ul>
  </div>`
}

function list(title: string, items: readonly string[]): Markup {
  return html`<div>
    <h3>${title}</h3>
    <ul class="plain">
      ${items.map((item) => html`<li>${prose(item)}</li> `)}
    </ul>
  </div>`
}

function gradeTile(grade: Grade | undefined): Markup {
  return html`<span
    class="grade ${grade ?? ''}"
    role="img"
    aria-label="${grade === undefined ? 'No grade' : `Grade ${grade}`}"
    >${grade ?? '?'}</span
  >`
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
