import { MemkeepError, openChannel, parseEndpoint } from '@memkeep/core'
import { expect } from 'vitest'
import type { TlsOptions } from '../src/options.ts'
import { tls } from '../src/tls.ts'

/**
 * Opens a channel with a transport of its own, and closes both.
 *
 * @param timeout milliseconds
 */
export async function opens(address: string, options: TlsOptions, timeout = 10_000): Promise<void> {
  using transport = tls(options).on('expiry', () => undefined)
  const signal = AbortSignal.timeout(timeout)
  const channel = await openChannel(parseEndpoint(address), { transport, signal })
  channel.destroy()
}

/** That this is refused by this code (after `ERR_MEMKEEP_`), with a sentence that says what to do. */
export async function refused(attempt: Promise<void>, code: string, advice: RegExp): Promise<void> {
  const error: unknown = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(MemkeepError)
  expect(error).toMatchObject({ code: `ERR_MEMKEEP_${code}` })
  expect((error as Error).message).toMatch(advice)
}
