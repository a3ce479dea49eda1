import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { opens, pretendingToBe } from '../test/open.ts'
import { OPCODE, playServer, STATUS, type PlayedAnswer, type PlayedRequest } from '../test/played-server.ts'
import { saslExternal } from './sasl-external.ts'
import { sasl } from './sasl.ts'

const PASSWORD = 'hunter2-secret'
const CREDENTIALS = { username: 'memkeep', password: PASSWORD }
const SALT = Buffer.from('a salt')
const code = (name: string): unknown => expect.objectContaining({ code: `ERR_MEMKEEP_${name}` })

const first = (request: PlayedRequest, more = 'theirs', iterations = 4096): PlayedAnswer => ({
  status: STATUS.goOn,
  value: `r=${nonceOf(request)}${more},s=${SALT.toString('base64')},i=${String(iterations)}`,
})
const nonceOf = ({ value }: PlayedRequest): string => value.toString().split(',r=')[1] ?? ''

/** A server that knows the password, and so may sign. */
function signer(): (request: PlayedRequest, index: number) => PlayedAnswer {
  let message = ''
  return (request, index) => {
    if (index === 0) {
      const answer = first(request)
      message = `${request.value.toString().slice('n,,'.length)},${(answer as { value: string }).value}`
      return answer
    }
    if (index > 1) return { status: STATUS.success }
    message += `,${request.value.toString().split(',p=')[0] ?? ''}`
    const salted = pbkdf2Sync(PASSWORD, SALT, 4096, 32, 'sha256')
    const serverKey = createHmac('sha256', salted).update('Server Key').digest()
    return {
      status: STATUS.goOn,
      value: `v=${createHmac('sha256', serverKey).update(message).digest('base64')}`,
    }
  }
}

describe('a played server', () => {
  it('that does everything right is believed', async () => {
    await using server = await playServer('SCRAM-SHA-256 PLAIN', signer())
    await opens(server.address, sasl(CREDENTIALS))
    expect(server.requests.map(({ opcode }) => opcode)).toEqual([
      OPCODE.listMechanisms,
      OPCODE.auth,
      OPCODE.step,
      OPCODE.step,
    ])
    // the closing step is empty
    expect(server.requests.at(-1)?.value).toHaveLength(0)
  })

  it.each<[what: string, code: string, answer: (request: PlayedRequest, index: number) => PlayedAnswer]>([
    [
      'whose nonce is not ours',
      'AUTH_NONCE_MISMATCH',
      (request) => ({ status: STATUS.goOn, value: `r=x${nonceOf(request)},s=AAAA,i=4096` }),
    ],
    ['who wants 1 iteration', 'AUTH_ITERATIONS_TOO_FEW', (request) => first(request, 'x', 1)],
    ['who wants 2^31 iterations', 'AUTH_ITERATIONS_TOO_MANY', (request) => first(request, 'x', 2 ** 31)],
    [
      'whose signature is wrong',
      'AUTH_SIGNATURE_MISMATCH',
      (request, index) =>
        index === 0
          ? first(request)
          : { status: STATUS.goOn, value: `v=${createHash('sha256').digest('base64')}` },
    ],
    [
      'who lets us in without a signature',
      'AUTH_SIGNATURE_MISSING',
      (request, index) => (index === 0 ? first(request) : { status: STATUS.success }),
    ],
    ['who lets us in at once', 'AUTH_SIGNATURE_MISSING', () => ({ status: STATUS.success })],
    [
      'who goes on and on',
      'AUTH_UNEXPECTED_STEP',
      (() => {
        const sign = signer()
        return (request: PlayedRequest, index: number) =>
          index > 1 ? { status: STATUS.goOn, value: 'more' } : sign(request, index)
      })(),
    ],
    [
      'who sends garbage for a challenge',
      'AUTH_MALFORMED_CHALLENGE',
      () => ({ status: STATUS.goOn, value: '220 ready' }),
    ],
    ['who sends garbage for an answer', 'PROTOCOL', () => ({ raw: '220 smtp ready, this is no frame' })],
    [
      'who demands an extension',
      'AUTH_EXTENSION_UNSUPPORTED',
      () => ({ status: STATUS.goOn, value: 'm=x,r=y,s=AAAA,i=4096' }),
    ],
    ['who falls silent', 'CONNECT_TIMEOUT', () => 'silence'],
    ['who answers with a status that does not exist', 'PROTOCOL', () => ({ status: 0x77 })],
  ])('%s is refused: %s', async (_what, name, answer) => {
    await using server = await playServer('SCRAM-SHA-256 PLAIN', answer)
    await expect(opens(server.address, sasl(CREDENTIALS), { timeout: 2_000 })).rejects.toEqual(code(name))
    const sent = Buffer.concat(server.requests.map(({ value }) => value)).toString('latin1')
    expect(sent).not.toContain(PASSWORD)
    // no proof for whoever did not keep to the mechanism before it
    if (/NONCE|ITERATIONS|EXTENSION|MALFORMED/.test(name)) expect(sent).not.toContain(',p=')
  })

  it('that hides SCRAM gets no password where others can read, nor where more is demanded', async () => {
    await using server = await playServer('PLAIN CRAM-MD5', () => ({ status: STATUS.success }))
    const transport = pretendingToBe(server.address)
    await expect(opens('cache.example', sasl(CREDENTIALS), { transport })).rejects.toEqual(
      code('AUTH_INSECURE_CHANNEL'),
    )
    await expect(
      opens(server.address, sasl({ ...CREDENTIALS, minimumStrength: 'SCRAM-SHA-1' })),
    ).rejects.toEqual(code('AUTH_MECHANISM_TOO_WEAK'))
    expect(server.requests.every(({ opcode }) => opcode === OPCODE.listMechanisms)).toBe(true)
  })

  it('that asks PLAIN for more gets nothing more', async () => {
    await using server = await playServer('PLAIN', () => ({ status: STATUS.goOn, value: 'again?' }))
    await expect(opens(server.address, sasl(CREDENTIALS))).rejects.toEqual(code('AUTH_UNEXPECTED_STEP'))
    expect(server.requests).toHaveLength(2)
  })

  it('that offers EXTERNAL is told nothing but that', async () => {
    await using server = await playServer('EXTERNAL PLAIN', () => ({ status: STATUS.success }))
    await opens(server.address, saslExternal())
    expect(server.requests).toMatchObject([{}, { key: 'EXTERNAL', value: Buffer.alloc(0) }])
    const transport = pretendingToBe(server.address)
    await expect(opens('cache.example', saslExternal(), { transport })).rejects.toEqual(
      code('AUTH_INSECURE_CHANNEL'),
    )
  })
})
