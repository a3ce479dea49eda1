import type { CheckContext, Conversation } from '../check.ts'

/** Lets a stranger talk to the server on a connection of its own; undefined where no stranger gets in. */
export async function withStranger<T>(context: CheckContext, talk: Talk<T>): Promise<T | undefined> {
  return await visit(await context.openAsStranger(), talk)
}

/** Lets a friend talk to the server on a connection of its own; undefined where there is none, or is not let in. */
export async function withFriend<T>(context: CheckContext, talk: Talk<T>): Promise<T | undefined> {
  return await visit(await context.openAsFriend(), talk)
}

/** How names of keys begin that are the audit's own: nothing in the cache has one. */
export const MARK = 'memkeep-doctor'

type Talk<T> = (conversation: Conversation) => Promise<T>

async function visit<T>(conversation: Conversation | undefined, talk: Talk<T>): Promise<T | undefined> {
  if (conversation === undefined) return undefined
  try {
    return await talk(conversation)
  } finally {
    conversation.close()
  }
}
