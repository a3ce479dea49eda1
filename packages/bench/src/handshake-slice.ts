import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { openChannel } from '@memkeep/core'
import { medianOf } from 'memkeep/internal/bench'
import type { HandshakeRound } from './handshake-comparison.ts'
import type { HandshakeWay } from './handshake-ways.ts'

/**
 * Opens one connection after another for so many milliseconds, two at least. The first does not count: it leaves the
 * ticket that the next resumes with.
 *
 * @throws Error when a session was resumed where none should be, or was not where it should; MemkeepError when a
 * connection fails, or takes longer than `patience` milliseconds
 */
export async function connectFor(
  way: HandshakeWay,
  milliseconds: number,
  patience: number,
): Promise<HandshakeRound> {
  const end = performance.now() + milliseconds
  await connectOnce(way, patience)
  const times: number[] = []
  do {
    const { took, resumed } = await connectOnce(way, patience)
    assertHandshake(way, resumed)
    times.push(took)
  } while (performance.now() < end)
  return { connections: times.length, median: medianOf(times) }
}

/** One connection; neither what it is opened with nor its end counts. */
async function connectOnce(
  { endpoint, nextTransport }: HandshakeWay,
  patience: number,
): Promise<{ readonly took: number; readonly resumed: boolean }> {
  const transport = nextTransport()
  // what it does after its construction is not the connection's
  await setImmediate()
  const signal = AbortSignal.timeout(patience)
  const start = performance.now()
  const channel = await openChannel(endpoint, { transport, signal })
  const took = performance.now() - start
  const resumed = transport.describe?.().connections[0]?.resumed === true
  const closed = once(channel, 'close')
  channel.destroy()
  await closed
  transport.close?.()
  return { took, resumed }
}

/** Sees to it that what is timed is what it is called. */
function assertHandshake({ server, handshake }: HandshakeWay, resumed: boolean): void {
  if (resumed === (handshake === 'resumed')) return
  throw new Error(
    resumed
      ? `${server}: a connection resumed a session where a full handshake was to be measured`
      : `${server}: a connection did not resume the session that it was to: there is nothing to compare`,
  )
}
