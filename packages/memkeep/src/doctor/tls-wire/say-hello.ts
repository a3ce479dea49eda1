import type { Bounds } from '../engine/bounds.ts'
import { StreamConversation } from '../engine/conversation.ts'
import type { Opened } from '../engine/opened.ts'
import { encodeClientHello, type ClientHello } from './client-hello.ts'
import { parseServerAnswer, type ServerAnswer } from './server-answer.ts'

/** A server's answer to a ClientHello, or that there was none: it closed, stayed silent, or broke off. */
export type HelloAnswer = ServerAnswer | { readonly kind: 'none'; readonly failure: string }

/** Says hello on a connection of its own, and ends it with the answer. Never rejects. */
export async function sayHello(
  opening: Promise<Opened>,
  hello: ClientHello,
  bounds: Bounds,
): Promise<HelloAnswer> {
  const { socket, failure } = await opening
  if (socket === undefined) return { kind: 'none', failure }
  const conversation = new StreamConversation(socket, bounds)
  const reply = await conversation.ask(
    encodeClientHello(hello),
    (received) => parseServerAnswer(received) !== undefined,
  )
  conversation.close()
  const answer = parseServerAnswer(reply.received)
  return answer ?? { kind: 'none', failure: reply.failure ?? reply.end }
}
