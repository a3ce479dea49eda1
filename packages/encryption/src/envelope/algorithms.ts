/**
 * The algorithms that values can be sealed with, by name:
 *
 * - `aes-256-gcm`: NIST SP 800-38D, by `node:crypto`
 * - `chacha20-poly1305`: RFC 8439, by `node:crypto`
 * - `xchacha20-poly1305`: draft-irtf-cfrg-xchacha-03, by the optional peer `sodium-native`
 */
export const ENVELOPE_ALGORITHMS = ['aes-256-gcm', 'chacha20-poly1305', 'xchacha20-poly1305'] as const

/** One of {@link ENVELOPE_ALGORITHMS}. */
export type EnvelopeAlgorithm = (typeof ENVELOPE_ALGORITHMS)[number]

/** What an envelope names an algorithm by: its place in {@link ENVELOPE_ALGORITHMS}, from 1 on. */
export function algorithmId(algorithm: EnvelopeAlgorithm): number {
  return ENVELOPE_ALGORITHMS.indexOf(algorithm) + 1
}

/** Whether an algorithm has that id. */
export function isAlgorithmId(id: number): boolean {
  return id >= 1 && id <= ENVELOPE_ALGORITHMS.length
}

/** The algorithm of an id. @throws RangeError when there is none */
export function algorithmOf(id: number): EnvelopeAlgorithm {
  const algorithm = ENVELOPE_ALGORITHMS[id - 1]
  if (algorithm === undefined) throw new RangeError(`No algorithm has the id ${String(id)}`)
  return algorithm
}

/** @throws TypeError for what is no name of an algorithm */
export function assertAlgorithm(algorithm: unknown): asserts algorithm is EnvelopeAlgorithm {
  const known: readonly unknown[] = ENVELOPE_ALGORITHMS
  if (!known.includes(algorithm)) {
    throw new TypeError(`algorithm must be one of ${ENVELOPE_ALGORITHMS.join(', ')}`)
  }
}
