import type { CheckContext, Conversation } from '../check.ts'

/** Lets a stranger talk to the server on a connection of its own; undefined where no stranger gets in. */
export async function withStranger<T>(
  context: CheckContext,
  talk: (conversation: Conversation) => Promise<T>,
): Promise<T | undefined> {
  const conversation = await context.openAsStranger()
  if (conversation === undefined) return undefined
  try {
    return await talk(conversation)
  } finally {
    conversation.close()
  }
}

/** A name of a key that nothing in the cache has, so that asking for it changes nothing. */
export const MARK = 'memkeep-doctor'
