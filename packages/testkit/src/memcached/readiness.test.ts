import { describe, expect, it } from 'vitest'
import { startFaultServer } from '../fault-server.ts'
import { waitUntilAnswers } from './readiness.ts'

const probe = (at: { host: string; port: number }) =>
  ({ at, certificate: undefined, protocol: 'text' }) as const

describe('waitUntilAnswers', () => {
  it('gives up on a server that accepts and says nothing', async () => {
    await using mute = await startFaultServer(() => undefined)
    await expect(waitUntilAnswers(probe(mute), new AbortController().signal, 50)).rejects.toThrow(
      /did not answer within 50 ms/,
    )
  })

  it('tries again until it is answered', async () => {
    let attempts = 0
    await using late = await startFaultServer((socket) => {
      attempts++
      if (attempts < 3) socket.destroy()
      else socket.end('VERSION 1.6.18\r\n')
    })
    await waitUntilAnswers(probe(late), new AbortController().signal)
    expect(attempts).toBe(3)
  })

  it('says how the server ended', async () => {
    const reason = new Error('memcached ended with code 71')
    await expect(
      waitUntilAnswers(probe({ host: '127.0.0.1', port: 1 }), AbortSignal.abort(reason)),
    ).rejects.toBe(reason)
  })
})
