import type { Channel } from '@memkeep/core'
import { encodeBinaryRequest } from '@memkeep/core/internal'
import { expect } from 'vitest'
import { bridgeText } from '../../src/bridge/bridge-text.ts'
import { PlayingChannel } from '../schedules/playing-channel.ts'

/** What the server is asked, as the binary protocol says it. */
export interface Asked {
  readonly opcode: number
  readonly opaque: number
  readonly key: string
  readonly value: string
}

/** A bridge whose server is played. */
export interface PlayedBridge {
  readonly bridge: Channel
  readonly channel: PlayingChannel
  /** What reached the server, as it was written. */
  readonly chunks: readonly Buffer[]
  /** The same as commands. */
  readonly asked: () => Asked[]
  /** What the client was told. */
  readonly said: () => string
}

/** Waits for the end, be it by a fault. */
export function closing(stream: Channel): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', resolve)
  })
}

/** Cuts a chunk into commands; it must hold whole ones. */
export function readChunk(chunk: Buffer): Asked[] {
  const commands: Asked[] = []
  let at = 0
  while (at < chunk.length) {
    expect(chunk[at]).toBe(0x80)
    const extras = chunk.readUInt8(at + 4)
    const keyAt = at + 24 + extras
    const valueAt = keyAt + chunk.readUInt16BE(at + 2)
    const end = at + 24 + chunk.readUInt32BE(at + 8)
    expect(end).toBeLessThanOrEqual(chunk.length)
    commands.push({
      opcode: chunk.readUInt8(at + 1),
      opaque: chunk.readUInt32BE(at + 12),
      key: chunk.toString('latin1', keyAt, valueAt),
      value: chunk.toString('latin1', valueAt, end),
    })
    at = end
  }
  return commands
}

/** A reply of the server. */
export function reply(opcode: number, opaque: number, status = 0, value = ''): Buffer {
  const frame = encodeBinaryRequest({ opcode, opaque, value: Buffer.from(value) })
  frame[0] = 0x81
  frame.writeUInt16BE(status, 6)
  return frame
}

/** A bridge whose server is played: what it was asked, chunk by chunk. */
export function play(): PlayedBridge {
  const chunks: Buffer[] = []
  const channel = new PlayingChannel((chunk) => chunks.push(chunk))
  const bridge = bridgeText(channel)
  let said = ''
  bridge.on('data', (chunk: Buffer) => {
    said += chunk.toString('latin1')
  })
  return { bridge, channel, chunks, asked: () => chunks.flatMap(readChunk), said: () => said }
}
