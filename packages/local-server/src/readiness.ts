import { readFile } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import type { CertificatePair, Credentials } from './set-up.ts'

/** How long a server may take to answer after its start, in milliseconds. */
const START_MILLISECONDS = 15_000
const POLL_MILLISECONDS = 5

/** `VERSION` of the binary protocol, which answers unauthenticated. */
const BINARY_VERSION = Buffer.alloc(24).fill(0x80, 0, 1).fill(0x0b, 1, 2)

/** Where and how a server is asked for its version. */
export interface Probe {
  readonly at: { readonly host: string; readonly port: number } | { readonly path: string }
  /** Over TLS, with a certificate of ours to show if it has one. */
  readonly tls?: Partial<CertificatePair>
  readonly protocol: 'text' | 'binary'
}

/**
 * Tries until it gets an answer. An attempt is told how many milliseconds are left.
 *
 * @throws the server's end, or an Error when the time is over
 */
async function poll<T>(
  what: string,
  ended: AbortSignal,
  milliseconds: number,
  attempt: (left: number) => Promise<T | undefined>,
): Promise<T> {
  const deadline = performance.now() + milliseconds
  for (let left = milliseconds; left > 0; left = deadline - performance.now()) {
    ended.throwIfAborted()
    const result = await attempt(left)
    if (result !== undefined) return result
    await delay(POLL_MILLISECONDS)
  }
  throw new Error(`memcached ${what} within ${String(milliseconds)} ms: look at the load of this machine.`)
}

/** The port that the server chose and wrote down (`MEMCACHED_PORT_FILENAME`). */
export function readPort(file: string, ended: AbortSignal): Promise<number> {
  return poll('did not say its port', ended, START_MILLISECONDS, async () => {
    const text = await readFile(file, 'utf8').catch(() => '')
    const port = /^TCP INET: (\d+)\n/m.exec(text)?.[1]
    return port === undefined ? undefined : Number(port)
  })
}

/** Waits until the server really answers, at most so many milliseconds. */
export async function waitUntilAnswers(
  probe: Probe,
  ended: AbortSignal,
  milliseconds: number = START_MILLISECONDS,
): Promise<void> {
  await poll('did not answer', ended, milliseconds, async (left) =>
    (await answers(probe, left)) ? true : undefined,
  )
}

/** Waits until the server takes a user's password by ASCII authentication: it reads its file once a second. */
export async function waitUntilTaken(
  probe: Omit<Probe, 'protocol'>,
  { username, password }: Credentials,
  ended: AbortSignal,
): Promise<void> {
  const value = `${username} ${password}`
  const request = `set x 0 0 ${String(Buffer.byteLength(value))}\r\n${value}\r\n`
  await poll('did not take other credentials', ended, START_MILLISECONDS, async (left) =>
    (await ask(probe, request, left))?.startsWith('STORED') === true ? true : undefined,
  )
}

async function answers({ protocol, ...probe }: Probe, milliseconds: number): Promise<boolean> {
  const request = protocol === 'binary' ? BINARY_VERSION : 'version\r\n'
  return (await ask(probe, request, milliseconds)) !== undefined
}

/** What the server answers first; undefined when it does not. */
function ask(
  { at, tls }: Omit<Probe, 'protocol'>,
  request: string | Buffer,
  milliseconds: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    // asks only whether it answers: whether its certificate is good is for its clients to find out
    const socket: Socket =
      tls === undefined
        ? createConnection(at)
        : connectTls({ socket: createConnection(at), ...tls, rejectUnauthorized: false })
    // a server may accept and then say nothing, for which no event comes
    const timer = setTimeout(() => {
      settle(undefined)
    }, milliseconds)
    const settle = (answer: string | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    socket
      .once('data', (data: Buffer) => {
        settle(data.toString('latin1'))
      })
      .once('error', () => {
        settle(undefined)
      })
      .once('close', () => {
        settle(undefined)
      })
    socket.write(request)
  })
}
