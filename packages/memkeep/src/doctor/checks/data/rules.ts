import type { CurableRule } from '../found.ts'

type RuleName =
  'secrets' | 'plaintext' | 'mixed' | 'broken' | 'secretNames' | 'personalNames' | 'idNames' | 'endless'

const area = 'data'

const ENCRYPT =
  'Seal values before they leave the service: `middleware: [encryption({ keyring })]` of @memkeep/encryption.'
const MIGRATE = `${ENCRYPT} Its option \`migration\` takes a live cache over without a miss.`
const HIDE_NAMES =
  "Hide names from the server: `encryption({ keyring, keyNames: 'hmac' })` of @memkeep/encryption, or hash them before they become keys."

/** What can be wrong with what lies in a cache. */
export const DATA_RULES: Readonly<Record<RuleName, CurableRule>> = {
  secrets: {
    id: 'plaintext-secrets',
    area,
    severity: 'high',
    title: 'Passwords, tokens or keys lie in the cache as plaintext',
    why: 'Whoever gets in, or reads the memory of the server, a core dump or a snapshot of it, may use them elsewhere.',
    cure: `${MIGRATE} Replace the ones that were stored.`,
  },
  plaintext: {
    id: 'plaintext-values',
    area,
    severity: 'medium',
    title: 'Values lie in the cache as plaintext',
    why: 'Whoever gets in, or reads the memory of the server, reads them; and what somebody else writes is taken for what the service wrote.',
    cure: MIGRATE,
  },
  mixed: {
    id: 'plaintext-beside-envelopes',
    area,
    severity: 'medium',
    title: 'Plaintext lies beside sealed values',
    why: 'A service writes without encryption, or values from before it was turned on are still there; where readers still take plaintext (`migration`), anybody who writes to the cache can forge values.',
    cure: 'Find the writer that does not use `encryption({ keyring })`; when no plaintext is left, take the option `migration` away.',
  },
  broken: {
    id: 'broken-envelopes',
    area,
    severity: 'low',
    title: 'Sealed values are damaged, or of a newer version',
    why: 'No service can read them: each is a miss, and something cuts them off, writes over them or appends to them.',
    cure: 'Bring every service to one version of @memkeep/encryption, and let none use `append` or `prepend` on sealed values.',
  },
  secretNames: {
    id: 'secrets-in-key-names',
    area,
    severity: 'high',
    title: 'Names of keys hold tokens or card numbers',
    why: 'Names are never encrypted by themselves: they stand in the list of keys, in `watch`, in logs and in statistics, and a token opens a session.',
    cure: HIDE_NAMES,
  },
  personalNames: {
    id: 'personal-key-names',
    area,
    severity: 'medium',
    title: 'Names of keys hold e-mail addresses or phone numbers',
    why: 'Names are never encrypted by themselves: whoever lists them knows the users of the service.',
    cure: HIDE_NAMES,
  },
  idNames: {
    id: 'ids-in-key-names',
    area,
    severity: 'info',
    title: 'Names of keys hold ids',
    why: 'Whoever lists them learns which users or records there are, and which are in use.',
    cure: HIDE_NAMES,
  },
  endless: {
    id: 'values-without-expiry',
    area,
    severity: 'info',
    title: 'Values have no expiry',
    why: 'They stay until the server needs their place or restarts: data that was deleted elsewhere lives on, and after a rotation old keys are needed for as long.',
    cure: 'Give every value a time to live: the option `ttl` of the adapters.',
  },
}
