import { desynchronised, type Reply } from './reply.ts'

/** The longest line that a memcached answers with, in bytes. */
const MAX_LINE_BYTES = 2048

const CR = 0x0d
const LF = 0x0a

/**
 * The offset of the line feed that ends the line at `at`, or -1 while it is not there.
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for a line that is too long, or has no carriage return
 */
export function findLineEnd(data: Buffer, at: number): number {
  const limit = Math.min(data.length, at + MAX_LINE_BYTES)
  // lines are short: a loop finds their end before a native call is set up
  let end = at
  while (end < limit && data[end] !== LF) end++
  if (end === limit) {
    if (data.length - at >= MAX_LINE_BYTES) throw desynchronised('sent a line without an end')
    return -1
  }
  if (data[end - 1] !== CR) throw desynchronised('sent a line that is no reply')
  return end
}

/** Whether the two bytes that end a value stand before `end`. */
export function isValueEnd(data: Buffer, end: number): boolean {
  return data[end - 2] === CR && data[end - 1] === LF
}

/**
 * Reads one of the lines that classic text and meta share, `\r\n` at `lineEnd - 1`: errors, `OK`, `RESET`, `STAT`,
 * `END`, `VERSION` (`protocol.txt`, "Error strings", "Statistics").
 *
 * @throws MemkeepError `ERR_MEMKEEP_PROTOCOL` for any other line
 */
export function readPlainLine(line: string, end: number, reply: Reply): void {
  if (line.startsWith('STAT ')) {
    reply.reset('stat', end)
    reply.message = line.slice('STAT '.length)
  } else if (line === 'END') {
    reply.reset('end', end)
  } else if (line === 'OK') {
    reply.reset('done', end)
  } else if (line.startsWith('VERSION ')) {
    reply.reset('version', end)
    reply.message = line.slice('VERSION '.length)
  } else {
    readRefusal(line, end, reply)
  }
}

function readRefusal(line: string, end: number, reply: Reply): void {
  // the rest of the value would be read as commands: nothing that follows can be trusted
  if (line === 'CLIENT_ERROR bad data chunk') throw desynchronised('lost the boundary of a value')
  if (!/^(ERROR|CLIENT_ERROR|SERVER_ERROR)\b/.test(line)) throw desynchronised('sent a line that is no reply')
  reply.reset(line === 'SERVER_ERROR object too large for cache' ? 'too-large' : 'error', end)
  reply.message = line
}
