import { displayText } from '@memkeep/core/internal'
/** Warns of keys that were not taken, where nobody listens. */
export function warnOfReload(error: Error): void {
  process.emitWarning(
    `The keys were not loaded again, the old ones stay in use: ${displayText(error.message)}`,
    {
      code: 'MEMKEEP_KEYS_RELOAD',
    },
  )
}

/** Warns of a key that is no better than somebody's memory. */
export function warnOfPassphrase(): void {
  process.emitWarning(
    'A key was made of a passphrase: whoever sees one value can try passphrases on it, as fast as they can afford. Keyring.generate() makes a key that nobody can guess.',
    { code: 'MEMKEEP_PASSPHRASE' },
  )
}
