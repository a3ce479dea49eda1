import { MemkeepError } from '@memkeep/core'
import type { EnvelopeAlgorithm } from '../algorithms.ts'
import type { Aead } from './aead.ts'
import { nodeAead } from './node-aead.ts'
import { sodiumAead } from './sodium-aead.ts'

const backends = new Map<EnvelopeAlgorithm, Aead | MemkeepError>()

/** The backend of an algorithm. @throws MemkeepError `ERR_MEMKEEP_ALGORITHM_UNAVAILABLE` */
export function aeadOf(algorithm: EnvelopeAlgorithm): Aead {
  let backend = backends.get(algorithm)
  if (backend === undefined) {
    backend = algorithm === 'xchacha20-poly1305' ? loadSodiumAead() : nodeAead(algorithm)
    // a failure is kept as well: to look for a package takes long, and values that ask for it may come in rows
    backends.set(algorithm, backend)
  }
  if (backend instanceof MemkeepError) throw backend
  return backend
}

/** XChaCha20-Poly1305, or why there is none. */
export function loadSodiumAead(load?: (name: string) => unknown): Aead | MemkeepError {
  try {
    return sodiumAead(load)
  } catch (cause) {
    return new MemkeepError(
      'ERR_MEMKEEP_ALGORITHM_UNAVAILABLE',
      'xchacha20-poly1305 needs the package sodium-native, which cannot be loaded: npm install sodium-native, or seal with another algorithm everywhere.',
      { cause },
    )
  }
}
