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

const IDS: Readonly<Record<EnvelopeAlgorithm, number>> = {
  'aes-256-gcm': 1,
  'chacha20-poly1305': 2,
  'xchacha20-poly1305': 3,
}

/** What an envelope names an algorithm by. */
export function algorithmId(algorithm: EnvelopeAlgorithm): number {
  return IDS[algorithm]
}

/** The algorithm of an id, or undefined when there is none. */
export function algorithmOf(id: number): EnvelopeAlgorithm | undefined {
  return ENVELOPE_ALGORITHMS[id - 1]
}

/** @throws TypeError for what is no name of an algorithm */
export function assertAlgorithm(algorithm: unknown): asserts algorithm is EnvelopeAlgorithm {
  const known: readonly unknown[] = ENVELOPE_ALGORITHMS
  if (!known.includes(algorithm)) {
    throw new TypeError(`algorithm must be one of ${ENVELOPE_ALGORITHMS.join(', ')}`)
  }
}
