import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { MemkeepError } from '@memkeep/core'
import { assertSize, displayText, readChecked } from '@memkeep/core/internal'
import { describeArgument } from '../../cli/argument.ts'
import type { Colors } from '../../cli/colors.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import type { CertificateReport, InspectedFile } from '../../certs/inspect-certificates.ts'
import { parseCertificates } from '../../certs/pem.ts'

const MAX_MIB = 1
const SOON = 30

/** `memkeep certs inspect` */
export const inspect: CommandDefinition = defineCommand({
  name: 'inspect <path...>',
  summary: 'show what certificates say, who signed them, and what is wrong with them',
  description:
    'Shows each certificate of PEM files, or of all .pem, .crt and .key files of a folder: names, usages, key, days left, the pin that tls({ pins }) takes, and which of the others signed it. Private keys among them are matched to their certificates, and never shown.',
  examples: [
    { line: 'memkeep certs inspect certs', does: 'everything in a folder' },
    {
      line: 'memkeep certs inspect server.pem server.key ca.pem',
      does: 'a certificate with its key and its authority',
    },
    { line: 'memkeep certs inspect server.pem --json | jq -r .[0].pin', does: 'the pin alone' },
  ],
  exitCodes: {
    [EXIT.OK]: 'nothing is wrong with the certificates',
    [EXIT.NO]: 'one has ended, is weak, has another key, or was not signed by whom it names',
  },
  configure: (command) => {
    describeArgument(command, 'a PEM file, or a folder')
  },
  async run({ output }, [paths]) {
    // the library behind it takes long to load
    const { inspectCertificates } = await import('../../certs/inspect-certificates.ts')
    const files: InspectedFile[] = []
    for (const path of await expand(paths as readonly string[])) files.push(read(path))
    const reports = inspectCertificates(files, new Date())
    if (reports.length === 0) throw new TypeError('there is no certificate in what was named')
    output.result(reports, (colors) => reports.map((report) => render(report, colors)).join('\n\n'))
    return reports.some(({ problems }) => problems.length > 0) ? EXIT.NO : EXIT.OK
  },
})

/** Files, and the files of folders. */
async function expand(paths: readonly string[]): Promise<readonly string[]> {
  const lists = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(() => undefined)
      if (found?.isDirectory() !== true) return [path]
      const names = await readdir(path)
      return names
        .filter((name) => /\.(?:pem|crt|key)$/.test(name))
        .toSorted()
        .map((name) => join(path, name))
    }),
  )
  return [...new Set(lists.flat())]
}

function read(file: string): InspectedFile {
  const { text, mode } = content(file)
  const keys = keysIn(text)
  // a file of a key alone has no certificate
  const certificates = keys.length > 0 && !text.includes('BEGIN CERTIFICATE') ? [] : named(file, text)
  return { file, certificates, keys, shared: process.platform !== 'win32' && (mode & 0o077) !== 0 }
}

function content(file: string): { readonly text: string; readonly mode: number } {
  const pem = { code: 'ERR_MEMKEEP_TLS_MATERIAL', holds: 'certificates or keys as PEM' } as const
  let mode = 0
  const text = readChecked(file, pem, (stats) => {
    assertSize(file, stats, MAX_MIB, pem)
    mode = stats.mode
  }).toString()
  return { text, mode }
}

function named(file: string, text: string): ReturnType<typeof parseCertificates> {
  try {
    return parseCertificates(text)
  } catch (error) {
    throw error instanceof MemkeepError ? new MemkeepError(error.code, `${file}: ${error.message}`) : error
  }
}

function keysIn(text: string): readonly KeyObject[] {
  const blocks = text.match(/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*-----END [A-Z ]*PRIVATE KEY-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [createPrivateKey(block)]
    } catch {
      // encrypted, or of a kind that Node does not know: nothing can be said of it
      return []
    }
  })
}

function render(report: CertificateReport, { bold, dim, green, red, yellow }: Colors): string {
  const { daysLeft, problems } = report
  const paint = daysLeft < 0 ? red : daysLeft < SOON ? yellow : green
  const days = `${String(Math.abs(daysLeft))} day${Math.abs(daysLeft) === 1 ? '' : 's'}`
  const left = daysLeft < 0 ? `ended ${days} ago` : `${days} left`
  const rows: readonly (readonly [string, string])[] = [
    ['for', report.for.join(' and ') || 'neither servers nor clients'],
    ...(report.names.length === 0 ? [] : [['names', report.names.join(', ')] as const]),
    ['key', `${report.keyType}${report.hasKey ? ', its private key is there' : ''}`],
    ['signed', `${report.signature ?? 'in a way not known here'}, by ${signer(report)}`],
    ['good', `${report.validFrom.slice(0, 10)} to ${report.validTo.slice(0, 10)}, ${paint(left)}`],
    ['serial', report.serialNumber],
    ['pin', report.pin],
    ['SHA-256', report.fingerprint256.replaceAll(':', '').toLowerCase()],
  ]
  return [
    `${bold(displayText(report.subject))}  ${dim(displayText(report.file))}`,
    ...rows.map(([name, text]) => `  ${dim(name.padEnd(9))}${text}`),
    ...problems.map((problem) => `  ${red(bold('wrong'.padEnd(9)))}${red(displayText(problem))}`),
  ].join('\n')
}

function signer({ signedBy, issuer }: CertificateReport): string {
  if (signedBy === 'itself') return 'itself'
  return signedBy === null ? `${issuer}, which is not here` : `${signedBy}, which is here`
}
