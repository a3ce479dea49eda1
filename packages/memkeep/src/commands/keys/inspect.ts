import { describeEnvelope, type EnvelopeDescription } from '@memkeep/encryption'
import type { Colors } from '../../cli/colors.ts'
import { describeArgument } from '../../cli/argument.ts'
import { defineCommand, type CommandDefinition } from '../../cli/definition.ts'
import { EXIT } from '../../cli/exit-code.ts'
import { readEnvelope } from '../../keys/read-envelope.ts'
import { addFileOption, keyringOf, type KeysetOptions } from './options.ts'

/** `memkeep keys inspect` */
export const inspect: CommandDefinition = defineCommand<KeysetOptions>({
  name: 'inspect <envelope>',
  summary: 'read the header of a sealed value, without opening it',
  description:
    'Reads what the header of a sealed value says: version, algorithm, key id, flags, expiry, session and counter. The value is not opened and not verified: anybody could have written the header. With a keyset it says whether the key is there.',
  examples: [
    { line: 'memkeep keys inspect x0sBAQD…', does: 'an envelope as base64 or hexadecimal' },
    {
      line: 'memkeep keys inspect value.bin --file keys.json',
      does: 'a file with its bytes; is its key in the keyset?',
    },
    { line: 'xxd -p value.bin | memkeep keys inspect -', does: 'standard input' },
  ],
  exitCodes: {
    [EXIT.OK]: 'it is an envelope, and its key is in the keyset if there is one',
    [EXIT.NO]: 'it is an envelope, and its key is not in the keyset',
    [EXIT.FAILED]: 'it is no whole envelope, or the keyset cannot be read',
  },
  configure: (command) => {
    describeArgument(
      command,
      'base64 or hexadecimal, a file that holds it or its bytes, or - for standard input',
    )
    addFileOption(command)
  },
  async run(context, [given], options) {
    const keyring = keyringOf(options, context)
    const envelope = describeEnvelope(await readEnvelope(String(given), context.stdin))
    const known = keyring?.ids.includes(envelope.keyId)
    const { counter, expiresAt, ...rest } = envelope
    const value = {
      ...rest,
      expiresAt: expiresAt?.toISOString() ?? null,
      // JSON has no whole numbers of that size
      counter: String(counter),
      keyKnown: known ?? null,
    }
    context.output.result(value, (colors) => render(envelope, known, colors))
    return known === false ? EXIT.NO : EXIT.OK
  },
})

function render(envelope: EnvelopeDescription, known: boolean | undefined, colors: Colors): string {
  const { bold, dim, green, red } = colors
  const { version, algorithm, keyId, compressed, padded, expiresAt, salt, counter } = envelope
  const flags = [compressed && 'compressed', padded && 'padded', expiresAt && 'bound expiry'].filter(Boolean)
  const whose = { true: green('in the keyset'), false: red('not in the keyset'), undefined: '' }[
    String(known)
  ]
  const rows: readonly (readonly [string, string])[] = [
    ['version', String(version)],
    ['algorithm', algorithm],
    ['key id', [bold(keyId), whose].filter(Boolean).join('  ')],
    ['flags', flags.length === 0 ? 'none' : flags.join(', ')],
    ...(expiresAt === undefined ? [] : [['expires', expiresAt.toISOString()] as const]),
    ['session salt', `${salt}  ${dim('16 bytes')}`],
    ['counter', `${String(counter)}  ${dim('8 bytes')}`],
    ['header', `${String(envelope.headerBytes)} bytes`],
    ['content', `${String(envelope.contentBytes)} bytes, sealed`],
  ]
  const lines = rows.map(([name, text]) => `${dim(name.padEnd(14))}${text}`)
  return [...lines, '', dim('The header was read, and nothing was verified or opened.')].join('\n')
}
