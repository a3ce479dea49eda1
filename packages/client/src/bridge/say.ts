import type { Command, StoreCommand } from '../protocol/command.ts'
import { answers, AUTH_ERROR, type Reply } from '../protocol/reply.ts'
import { TOO_LARGE, type StatsForm } from './text-command.ts'

/** What memcached says in binary when it has no memory, by the start. */
const NO_MEMORY = /^out of memory/i
const NOT_A_NUMBER = 'CLIENT_ERROR cannot increment or decrement non-numeric value'

/** Whether a binary reply can be one to a command that the bridge sent. */
export function fits(reply: Reply, command: Command): boolean {
  if (answers(reply, command)) return true
  if (command.verb === 'stats') return reply.status === 'not-found'
  return command.verb === 'replace' && command.cas !== undefined && reply.status === 'exists'
}

/** The line that a text server answers with, where a binary server answered with this reply. */
export function sayReply(reply: Reply, command: Command): string {
  switch (command.verb) {
    case 'set':
    case 'add':
    case 'replace':
    case 'append':
    case 'prepend':
      return sayStored(reply, command)
    case 'delete':
      return sayFound(reply, 'DELETED')
    case 'touch':
      return sayFound(reply, 'TOUCHED')
    case 'increment':
    case 'decrement':
      return sayCount(reply)
    case 'flush':
      // a server that forbids it (-F) says so with the status of missing rights
      if (reply.message === AUTH_ERROR) return 'CLIENT_ERROR flush_all not allowed'
      return reply.status === 'done' ? 'OK' : sayFault(reply, '')
    case 'version':
      return reply.status === 'version' ? `VERSION ${oneLine(reply.message)}` : sayFault(reply, '')
    default:
      return sayFault(reply, '')
  }
}

function sayStored(reply: Reply, { cas }: StoreCommand): string {
  switch (reply.status) {
    case 'done':
      return 'STORED'
    case 'too-large':
      return TOO_LARGE
    case 'exists':
      return cas === undefined ? 'NOT_STORED' : 'EXISTS'
    case 'not-found':
      return cas === undefined ? 'NOT_STORED' : 'NOT_FOUND'
    case 'not-stored':
      return 'NOT_STORED'
    default:
      return sayFault(reply, ' storing object')
  }
}

function sayFound(reply: Reply, done: string): string {
  if (reply.status === 'done') return done
  return reply.status === 'not-found' ? 'NOT_FOUND' : sayFault(reply, '')
}

function sayCount(reply: Reply): string {
  if (reply.status === 'value') return reply.value?.toString('latin1') ?? ''
  if (reply.status === 'not-found') return 'NOT_FOUND'
  return /^non-numeric/i.test(reply.message) ? NOT_A_NUMBER : sayFault(reply, '')
}

/** The line of a fault that no other line stands for. */
export function sayFault({ message }: Reply, meanwhile: string): string {
  return `SERVER_ERROR ${NO_MEMORY.test(message) ? `out of memory${meanwhile}` : oneLine(message)}`
}

/** What is said of one statistic, and behind the last. */
export function sayStatistic(reply: Reply, form: StatsForm): string {
  if (reply.status === 'not-found') return 'ERROR\r\n'
  if (reply.status === 'error') return `${sayFault(reply, ' writing stats')}\r\n`
  if (reply.status === 'stat') {
    // the dump is one statistic, and text that ends by itself
    if (form === 'dump') return reply.message.slice(reply.message.indexOf(' ') + 1)
    return form === 'list' ? `STAT ${oneLine(reply.message.trimEnd())}\r\n` : ''
  }
  if (form === 'dump') return ''
  return form === 'list' ? 'END\r\n' : `${form}\r\n`
}

/** What a server says must not become a line of its own to the client. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, '?')
}
