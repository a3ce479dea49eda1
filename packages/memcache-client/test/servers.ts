import { connect } from 'node:net'
import { startFaultServer, type FaultServer, type RelayTarget } from '@memkeep/testkit'

/** A server that lets itself be connected to, and gives one answer to everything. */
export function startImpostor(answer: string): Promise<FaultServer> {
  return startFaultServer((socket) => {
    socket.on('data', (asked: Buffer) => {
      socket.write(String(asked).startsWith('get memkeep-probe') ? 'END\r\n' : answer)
    })
  })
}

/** A proxy that closes the connection at `version`, as twemproxy up to 0.4.1, and forwards everything else. */
export function startProxyWithoutVersion({ host, port }: RelayTarget): Promise<FaultServer> {
  return startFaultServer((socket) => {
    const upstream = connect(port, host).on('error', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
    socket.on('data', (chunk: Buffer) => {
      if (/(?:^|\r\n)version\r\n/.test(chunk.toString('latin1'))) socket.end()
      else upstream.write(chunk)
    })
    upstream.pipe(socket)
  })
}
