import { startFaultServer, type FaultServer } from '@memkeep/testkit'

/** One request of the binary protocol as it came. */
export interface PlayedRequest {
  readonly opcode: number
  readonly key: string
  readonly value: Buffer
}

/** What is answered: a status and a value; nothing at all; or raw bytes. */
export type PlayedAnswer =
  { readonly status: number; readonly value?: string | Buffer } | 'silence' | { readonly raw: string }

/** A server of SASL that does what a test wants. */
export interface PlayedServer extends AsyncDisposable {
  readonly address: string
  /** Everything that it was asked, in order. */
  readonly requests: readonly PlayedRequest[]
}

const HEADER_BYTES = 24

/** The opcodes that are asked, and what memcached answers with. */
export const OPCODE = { listMechanisms: 0x20, auth: 0x21, step: 0x22 } as const
export const STATUS = { success: 0x00, refused: 0x20, goOn: 0x21 } as const

/** Starts one; the list of mechanisms is answered with `mechanisms`, everything else by `answer`. */
export async function playServer(
  mechanisms: string,
  answer: (request: PlayedRequest, index: number) => PlayedAnswer,
): Promise<PlayedServer> {
  const requests: PlayedRequest[] = []
  const server: FaultServer = await startFaultServer((socket) => {
    let received: Buffer = Buffer.alloc(0)
    let index = 0
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= HEADER_BYTES) {
        const length = HEADER_BYTES + received.readUInt32BE(8)
        if (received.length < length) return
        const keyEnd = HEADER_BYTES + received.readUInt16BE(2)
        const request: PlayedRequest = {
          opcode: received.readUInt8(1),
          key: received.toString('latin1', HEADER_BYTES, keyEnd),
          value: Buffer.from(received.subarray(keyEnd, length)),
        }
        received = received.subarray(length)
        requests.push(request)
        const reply: PlayedAnswer =
          request.opcode === OPCODE.listMechanisms
            ? { status: STATUS.success, value: mechanisms }
            : answer(request, index++)
        if (reply === 'silence') continue
        socket.write('raw' in reply ? reply.raw : encode(request.opcode, reply.status, reply.value ?? ''))
      }
    })
  })
  return { address: server.address, requests, [Symbol.asyncDispose]: () => server.close() }
}

function encode(opcode: number, status: number, value: string | Buffer): Buffer {
  const body = Buffer.from(value)
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(0x81, 0)
  header.writeUInt8(opcode, 1)
  header.writeUInt16BE(status, 6)
  header.writeUInt32BE(body.length, 8)
  return Buffer.concat([header, body])
}
