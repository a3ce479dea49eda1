import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHROMIUM_FLAGS, findChromium } from '@memkeep/testkit'
import { chromium, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { finding, sampleReport, serverReport } from '../../../test/doctor/sample-report.ts'
import type { AuditReport } from '../report.ts'
import { renderHtml } from './html.ts'

let profile: string
let browser: BrowserContext
/** Finds, in a page, text that is hard to read. */
let faintText: string
let server: Server
/** What the server has at its only address. */
let served: string
let asked: string[]

beforeAll(async () => {
  const executablePath = await findChromium()
  if (executablePath === undefined) {
    throw new Error(
      'There is no Chromium: install it or Google Chrome, or set MEMKEEP_CHROMIUM to the path of one.',
    )
  }
  const contrast = await readFile(new URL('../../../test/doctor/contrast.mjs', import.meta.url), 'utf8')
  faintText = `${contrast.replace('export ', '')}\nfindFaintText()`
  profile = await mkdtemp(join(tmpdir(), 'memkeep-chromium-'))
  browser = await chromium.launchPersistentContext(profile, { executablePath, args: [...CHROMIUM_FLAGS] })
  server = createServer(({ url = '' }, response) => {
    asked.push(url)
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(served)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(async () => {
  await browser.close()
  server.close()
  await rm(profile, { recursive: true, maxRetries: 5 })
})

/** Opens the page of a report; what it wants to load, says on its console or asks with a dialog is noted. */
async function open(
  report: AuditReport,
): Promise<{ readonly page: Page; readonly noted: string[] } & AsyncDisposable> {
  served = renderHtml(report)
  asked = []
  const page = await browser.newPage()
  const noted: string[] = []
  page.on('console', (message) => noted.push(`console: ${message.text()}`))
  page.on('pageerror', (error) => noted.push(`error: ${error.message}`))
  page.on('dialog', (dialog) => {
    noted.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/report`
  page.on('request', (request) => {
    if (request.url() !== url) noted.push(`request: ${request.url()}`)
  })
  await page.goto(url, { waitUntil: 'networkidle' })
  return { page, noted, [Symbol.asyncDispose]: () => page.close() }
}

describe('renderHtml, in a browser', () => {
  it('renders, and asks for nothing but itself', async () => {
    await using opened = await open(sampleReport())
    expect(await opened.page.title()).toBe('memcached audit: 4 servers, grade F')
    expect(await opened.page.getByRole('article').count()).toBe(5)
    expect(opened.noted).toEqual([])
    expect(asked).toEqual(['/report'])
  })

  it('needs no scrolling to the side, be it on a telephone', async () => {
    const long = 'x'.repeat(300)
    const findings = [
      finding('x', 'low', 'cache2:11211', {
        title: long,
        detail: long,
        cure: `\`${long}\``,
        evidence: [{ sent: long, received: long }],
      }),
    ]
    const facts = [{ name: 'TLS', value: long }]
    const wide = serverReport('cache2:11211', findings, { facts, unknowns: [long] })
    await using opened = await open(sampleReport([...sampleReport().servers, wide]))
    for (const width of [320, 768, 1_280]) {
      await opened.page.setViewportSize({ width, height: 900 })
      expect(await opened.page.evaluate('document.documentElement.scrollWidth')).toBe(width)
    }
  })

  it('can be read in the light, in the dark and on paper', async () => {
    await using opened = await open(sampleReport())
    const { page } = opened
    for (const [media, colorScheme, ground] of [
      ['screen', 'light', 'rgb(244, 243, 239)'],
      ['screen', 'dark', 'rgb(18, 20, 24)'],
      ['print', 'dark', 'rgb(255, 255, 255)'],
    ] as const) {
      await page.emulateMedia({ media, colorScheme })
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(ground)
      expect(await page.evaluate(faintText)).toEqual([])
    }
  })

  it('prints on pages of A4', async () => {
    await using opened = await open(sampleReport())
    const pdf = (await opened.page.pdf({ preferCSSPageSize: true })).toString('latin1')
    expect(pdf.match(/\/Type\s*\/Page\b/g)?.length).toBeGreaterThan(1)
    expect(pdf).toMatch(/\/MediaBox\s*\[\s*0 0 59[45]\.\d+ 84[12]\.\d+/)
  })

  it('has one heading of the first rank, none that skips a rank, and landmarks', async () => {
    await using opened = await open(sampleReport())
    const { page } = opened
    const ranks = await page.evaluate<number[]>(
      "[...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(({ tagName }) => Number(tagName.slice(1)))",
    )
    expect(ranks.filter((rank) => rank === 1)).toEqual([1])
    expect(ranks.every((rank, index) => rank <= (ranks[index - 1] ?? 0) + 1)).toBe(true)
    for (const role of ['banner', 'main', 'contentinfo'] as const) {
      expect(await page.getByRole(role).count()).toBe(1)
    }
    expect(await page.getByRole('region').count()).toBe(5)
    expect(await page.locator('html').getAttribute('lang')).toBe('en')
    expect(await page.getByRole('img', { name: 'Grade F' }).count()).toBe(3)
    expect(await page.getByRole('columnheader').allTextContents()).toEqual(['Grade', 'Server', 'Found'])
  })

  it('leads from the summary to each server', async () => {
    await using opened = await open(sampleReport())
    const links = await opened.page.getByRole('rowheader').getByRole('link').all()
    expect(links).toHaveLength(4)
    for (const link of links) {
      const target = await link.getAttribute('href')
      expect(await opened.page.locator(target ?? '').textContent()).toBe(await link.textContent())
    }
  })

  it('leads from a CVE to its record, and only when asked to', async () => {
    await using opened = await open(sampleReport())
    const link = opened.page.getByRole('link', { name: 'CVE-2026-47783' })
    expect(await link.getAttribute('href')).toBe('https://www.cve.org/CVERecord?id=CVE-2026-47783')
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer')
  })
})

describe('renderHtml of a hostile server', () => {
  const attacks = [
    '<script>alert(1)</script>',
    '"><img src="/stolen" onerror="alert(1)">',
    "'><svg/onload=alert(1)>",
    '</style><style>body{background:url(/stolen)}</style>',
    '</title><meta http-equiv="refresh" content="0;url=/stolen">',
    '<a href="javascript:alert(1)">CVE-2026-1234</a>',
    '`</code><iframe src="/stolen"></iframe>`',
    '&lt;script&gt;',
  ]

  it('shows what it says as what it is', async () => {
    const servers = attacks.map((attack) => {
      const evil = finding('x', 'high', attack, {
        title: attack,
        detail: attack,
        why: attack,
        cure: attack,
        evidence: [{ sent: attack, received: attack }],
      })
      const facts = [{ name: attack, value: attack }]
      return serverReport(attack, [evil], { version: attack, facts, unknowns: [attack] })
    })
    const unreached = attacks.map((attack) =>
      serverReport(`cache2:${attack}`, [], { reached: false, failure: attack }),
    )
    const report = sampleReport([...servers, ...unreached], [])
    await using opened = await open({
      ...report,
      tool: attacks.join(' '),
      notes: attacks,
      servers: report.servers.map((one) => ({
        ...one,
        accepted: one.findings.map((evil) => ({ finding: evil, reason: one.server })),
      })),
    })
    expect(opened.noted).toEqual([])
    expect(asked).toEqual(['/report'])
    const { page } = opened
    const foreign = 'script, iframe, img, svg, [onerror], [onload], [href^="javascript:"]'
    expect(await page.locator(foreign).count()).toBe(0)
    expect(await page.locator('style').count()).toBe(1)
    const headings = await page.getByRole('heading', { level: 2 }).allTextContents()
    expect(headings.slice(1, attacks.length + 1)).toEqual(attacks)
    for (const attack of attacks) expect(await page.getByText(attack).count()).toBeGreaterThan(0)
  })

  it('would run nothing even if something were not escaped', async () => {
    await using opened = await open(sampleReport())
    const { page } = opened
    await page.evaluate(`new Promise((resolve) => {
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      const image = document.createElement('img')
      image.addEventListener('error', () => resolve())
      image.src = '/stolen'
      document.body.append(script, image)
    })`)
    expect(await page.evaluate("'ran' in window")).toBe(false)
    expect(asked).toEqual(['/report'])
    expect(opened.noted.filter((note) => note.includes('Content Security Policy')).length).toBeGreaterThan(1)
  })
})
