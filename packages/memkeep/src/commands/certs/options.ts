import { InvalidArgumentError, type Command } from 'commander'
import { colorsFor } from '../../cli/colors.ts'
import type { RunContext } from '../../cli/definition.ts'
import type { CertificatePair } from '../../certs/authority.ts'
import { AUTHORITY, filesOf, readPair } from '../../certs/store.ts'
import { MemkeepError } from '@memkeep/core'
import { quotePath } from '@memkeep/core/internal'

/** Where certificates are kept, and for how long one is good. */
export interface CertsOptions {
  readonly dir: string
  readonly days?: number
}

const FOLDER = 'certs'
/** What these certificates are for, and what they are not. */
export const NOTICE =
  'For development and small private fleets: there is no revocation and no audit, and whoever reads ca.key can pose as every server and client.'

/** Adds `--dir`. */
export function addDirOption(command: Command): Command {
  return command.option('-d, --dir <folder>', 'where certificates and keys are kept', FOLDER)
}

/** Adds `--days`. */
export function addDaysOption(command: Command, most: number, usual: number): Command {
  return command.option(
    '--days <number>',
    `days that it is good for, at most ${String(most)} (default: ${String(usual)})`,
    days,
  )
}

/** The options that were given of those that a certificate is made with. */
export function daysOf({ days }: CertsOptions): { readonly days?: number } {
  return days === undefined ? {} : { days }
}

/** Says what these certificates are for, so that it is seen. */
export function warn(context: RunContext): void {
  const { bold, yellow } = colorsFor(context.stderr, context)
  context.output.note(bold(yellow(`! ${NOTICE}`)))
}

/** The authority in a folder. @throws MemkeepError `ERR_MEMKEEP_TLS_MATERIAL` when there is none that can be read */
export function authorityIn(dir: string): CertificatePair {
  const files = filesOf(dir, AUTHORITY)
  try {
    return readPair(files)
  } catch (error) {
    if (!(error instanceof MemkeepError) || !isMissing(error.cause)) throw error
    const message = `There is no authority in ${quotePath(dir)}: \`memkeep certs ca --dir <folder>\` makes one.`
    throw new MemkeepError(error.code, message, { cause: error })
  }
}

function isMissing(cause: unknown): boolean {
  return (cause as { readonly code?: string } | undefined)?.code === 'ENOENT'
}

function days(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('write a whole number of days')
}
