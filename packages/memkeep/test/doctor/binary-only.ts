import { createConnection } from 'node:net'
import { startFaultServer, type FaultServer, type RelayTarget } from '@memkeep/testkit'

/** Stands before a server and takes the binary protocol alone, as memcached does with `-B binary`. */
export function startBinaryOnly({ host, port }: RelayTarget): Promise<FaultServer> {
  return startFaultServer((client) => {
    client.once('data', (first) => {
      if (first[0] !== 0x80) {
        client.destroy()
        return
      }
      const server = createConnection({ host, port })
      server.on('error', () => client.destroy())
      client.on('close', () => server.destroy())
      server.write(first)
      client.pipe(server).pipe(client)
    })
  })
}
