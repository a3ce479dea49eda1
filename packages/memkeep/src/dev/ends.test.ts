import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findMemcached, startFaultServer } from '@memkeep/testkit'
import { describe, expect, it } from 'vitest'
import { Desk, freePort, isAlive, until } from '../../test/dev/dev-process.ts'
import { parsePort, startOnPort } from './port.ts'
import { PortInUse } from './start.ts'

/** The installed memcached, as if it had been built without SASL. */
async function withoutSasl(desk: Desk): Promise<NodeJS.ProcessEnv> {
  const { path } = await findMemcached()
  const program = join(desk.dir, '..', 'memcached')
  await writeFile(program, `#!/bin/sh\n[ "$1" = -S ] && exit 64\nexec ${path} "$@"\n`)
  await chmod(program, 0o755)
  return { MEMKEEP_MEMCACHED: program }
}

describe('memkeep dev', () => {
  it.each(['SIGKILL', 'SIGHUP'] as const)(
    'leaves neither server nor file behind when %s ends it',
    async (signal) => {
      await using desk = await Desk.make()
      const running = desk.run(['--json', '--port', await freePort()])
      const { pid } = await running.ready()
      expect(isAlive(pid)).toBe(true)
      expect(await desk.leftovers()).toHaveLength(1)
      await running.kill(signal)
      await until(() => !isAlive(pid))
      await until(async () => (await desk.leftovers()).length === 0)
    },
  )

  it('ends when memcached does, and says how', async () => {
    await using desk = await Desk.make()
    const running = desk.run(['--port', await freePort(), '--json'])
    const { pid } = await running.ready()
    process.kill(pid, 'SIGKILL')
    const { code, stderr } = await running.ended
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { message: expect.stringMatching(/memcached ended with code 137/) as string },
    })
  })

  it('says that a port is in use, whether it was named or is that of the last time', async () => {
    await using desk = await Desk.make()
    await using other = await startFaultServer(() => undefined)
    const named = await desk.run(['--port', String(other.port)]).ended
    expect(named.code).toBe(2)
    expect(named.stderr).toContain(`Port ${String(other.port)} of 127.0.0.1 is in use`)
    await writeFile(join(desk.dir, 'port'), `${String(other.port)}\n`)
    const kept = await desk.run([]).ended
    expect(kept).toMatchObject({ code: 2, stderr: named.stderr })
    expect(await desk.leftovers()).toEqual([])
  })

  it('goes without SASL where there is none, and says what would bring it', async () => {
    await using desk = await Desk.make()
    const env = await withoutSasl(desk)
    const refused = await desk.run(['--auth', 'sasl'], env).ended
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/built without --enable-sasl/) as string,
    })
    const running = desk.run(['--json', '--port', await freePort()], env)
    expect(await running.ready()).toMatchObject({
      auth: 'ascii',
      withoutSasl: expect.stringMatching(/built without --enable-sasl/) as string,
    })
    expect((await running.kill('SIGINT')).code).toBe(0)
  })

  it('says what to do where there is no memcached', async () => {
    await using desk = await Desk.make()
    const { code, stderr } = await desk.run([], { MEMKEEP_MEMCACHED: '/nowhere/memcached' }).ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/is no program: set it to the absolute path of a memcached/)
  })

  it('leaves a folder of other files as it is', async () => {
    await using desk = await Desk.make()
    await mkdir(desk.dir, { mode: 0o755 })
    await writeFile(join(desk.dir, 'index.ts'), '')
    const { code, stderr } = await desk.run([]).ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/holds files that are not of memkeep dev, such as index\.ts/)
    expect((await stat(desk.dir)).mode & 0o777).toBe(0o755)
  })

  it('refuses a password that others may have read', async () => {
    await using desk = await Desk.make()
    await mkdir(desk.dir)
    await writeFile(join(desk.dir, 'password'), 'known to all\n', { mode: 0o644 })
    const { code, stderr } = await desk.run([]).ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/password holds a password, and others .* chmod 600/)
    expect(stderr).not.toContain('known to all')
  })
})

describe('the port', () => {
  it('is 11211 the first time, or a free one where that is in use', async () => {
    await using desk = await Desk.make()
    await mkdir(desk.dir)
    const file = join(desk.dir, 'port')
    const asked: (number | undefined)[] = []
    const start = (port: number | undefined): Promise<{ port: number }> => {
      asked.push(port)
      return port === 11211 ? Promise.reject(new PortInUse()) : Promise.resolve({ port: port ?? 40_000 })
    }
    await startOnPort(undefined, file, start)
    await startOnPort(undefined, file, start)
    await startOnPort(50_000, file, start)
    await startOnPort(undefined, file, start)
    expect(asked).toEqual([11211, undefined, 40_000, 50_000, 50_000])
    await expect(startOnPort(11211, file, start)).rejects.toThrow(PortInUse)
  })

  it.each(['0', '-1', '65536', '1.5', '1e3', ' 1', '', 'x'])('is not %j', (text) => {
    expect(() => parsePort(text)).toThrow(RangeError)
  })
})
