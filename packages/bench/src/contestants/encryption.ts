import { PLAIN, type Contestant } from './contestant.ts'
import { contestants as all } from './index.ts'
import { memkeepWith } from './memkeep.ts'

const ALL_LAYERS = { tls: true, sasl: true, encryption: true }

/** Memkeep with every layer, and its default algorithm. */
export const DEFAULT: Contestant = memkeepWith(ALL_LAYERS)
/** Memkeep with every layer, and the algorithm of `sodium-native`. */
export const SODIUM: Contestant = memkeepWith(ALL_LAYERS, 'xchacha20-poly1305')
/** The other clients, without any layer. */
export const PEERS: readonly Contestant[] = all.filter(
  ({ kind, layers }) => kind === 'peer' && JSON.stringify(layers) === JSON.stringify(PLAIN),
)

/** Who runs where encryption is measured end to end. */
export const contestants: readonly Contestant[] = [DEFAULT, SODIUM, ...PEERS]
