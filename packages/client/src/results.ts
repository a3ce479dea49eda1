import { MemkeepError } from '@memkeep/core'
import { AUTH_ERROR, desynchronised, faultOf, oversizedFault, type Reply } from './protocol/reply.ts'

/** How a `cas` ended: `exists` when the item was changed since it was read. */
export type CasResult = 'stored' | 'exists' | 'not-found'

/** A value with what memcached keeps beside it. */
export interface Item {
  readonly value: Buffer
  /** Client flags, 32 bits. */
  readonly flags: number
  /** The CAS unique, 64 bits: hand it to `cas` to store only if nobody else did since. */
  readonly cas: bigint
}

/** Whether it was done: false when there was no such item, or what stands in the way is there. */
export function takeDone(reply: Reply): boolean {
  refuseFault(reply)
  return reply.status === 'done'
}

/** How a compare and swap ended. */
export function takeCas(reply: Reply): CasResult {
  refuseFault(reply)
  if (reply.status === 'done') return 'stored'
  return reply.status === 'exists' ? 'exists' : 'not-found'
}

/** The new number; undefined when there was no such item. */
export function takeCount(reply: Reply): bigint | undefined {
  refuseFault(reply)
  if (reply.value === undefined) return undefined
  const digits = reply.value.toString('latin1').trim()
  if (!/^\d{1,20}$/.test(digits)) throw desynchronised('answered a count with something else than a number')
  return BigInt(digits)
}

/** memcached's version. */
export function takeVersion(reply: Reply): string {
  refuseFault(reply)
  return reply.message
}

/** Whether the server forgot everything. @throws MemkeepError also for a server that forbids it */
export function takeFlush(reply: Reply): boolean {
  // in binary the status of missing rights also stands for what is forbidden (-F)
  if (reply.message === AUTH_ERROR || reply.message.startsWith('CLIENT_ERROR flush_all not allowed')) {
    throw new MemkeepError(
      'ERR_MEMKEEP_SERVER_ERROR',
      'The server forbids flush_all: start it without -F to allow that, or delete keys one by one.',
    )
  }
  return takeDone(reply)
}

/** Gathers statistics, one from each reply. @param group their name, for messages */
export function statsTaker(group: string): (reply: Reply) => ReadonlyMap<string, string> {
  const stats = new Map<string, string>()
  return (reply) => {
    refuseFault(reply)
    if (reply.status === 'not-found') {
      throw new MemkeepError(
        'ERR_MEMKEEP_SERVER_ERROR',
        `The server has no statistics of the group "${group}": ask for another, as settings or items.`,
      )
    }
    if (reply.status === 'stat') {
      const space = reply.message.indexOf(' ')
      const nameEnd = space < 0 ? reply.message.length : space
      stats.set(reply.message.slice(0, nameEnd), reply.message.slice(nameEnd + 1))
    }
    return stats
  }
}

/** @throws MemkeepError for a reply that says that the server refused the command */
export function refuseFault(reply: Reply): void {
  if (reply.status === 'error') throw faultOf(reply)
  if (reply.status === 'oversized') throw oversizedFault(reply)
}
