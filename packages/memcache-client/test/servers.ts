import { startFaultServer, type FaultServer } from '@memkeep/testkit'

/** A server that lets itself be connected to, and gives one answer to everything. */
export function startImpostor(answer: string): Promise<FaultServer> {
  return startFaultServer((socket) => {
    socket.on('data', (asked: Buffer) => {
      socket.write(String(asked) === 'version\r\n' ? 'VERSION 1.6.18\r\n' : answer)
    })
  })
}
