import type { Ledger } from './ledger.ts'
import type { Random } from './random.ts'
import type { Asked, Saying, Wire } from './wire.ts'

/** A stretch of what a server says. */
export interface Part {
  readonly bytes: string
  /** The request that it is the answer to; undefined when it is none. */
  readonly asked: Asked | undefined
  readonly saying: Saying | undefined
}

/** How a connection ends: the socket is gone, with an error or without, the server half-closes, or is silent for ever. */
export type Ending = 'close' | 'error' | 'end' | 'mute'

/** What is to be said, after a fault has been at it. */
export interface Faulted {
  readonly parts: readonly Part[]
  /** The place of the first part that is not as it should be, be it that it is not there; Infinity without one. */
  readonly from: number
  /** What follows the parts, if it ends there. */
  readonly ending: Ending | undefined
}

/** What faults are made with. */
export interface FaultTools {
  readonly random: Random
  readonly wire: Wire
  readonly ledger: Ledger
  /** An answer to another request, one that may never have been made. */
  readonly foreign: () => Part
}

/** Does something to answers that are in order. */
export type Fault = (parts: readonly Part[], tools: FaultTools) => Faulted

const ENDINGS = ['close', 'error', 'end', 'mute'] as const

/** The name of something that can go wrong. */
export type FaultName =
  'swap' | 'twice' | 'unasked' | 'instead' | 'missing' | 'garbage' | 'dirt' | 'half' | 'ends'

/** Everything that can go wrong with answers, by name. */
export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  swap(parts, { random }) {
    const first = random.below(parts.length)
    const second = random.below(parts.length)
    const swapped = parts.map((part, at) => parts[at === first ? second : at === second ? first : at] ?? part)
    return { parts: swapped, from: first === second ? Infinity : Math.min(first, second), ending: undefined }
  },

  twice(parts, { random, wire, ledger }) {
    const at = random.below(parts.length)
    const to = random.between(at + 1, parts.length)
    const twin = parts[at]
    if (twin?.saying?.outcome === 'done') ledger.saidDone()
    if (twin !== undefined && !hasToken(wire, twin)) ledger.blurred = true
    return insert(parts, to, twin)
  },

  unasked: (parts, tools) => insert(parts, tools.random.between(0, parts.length), tools.foreign()),

  /** The right answer under a wrong name, or somebody else's. */
  instead(parts, { random, wire, ledger, foreign }) {
    const at = random.below(parts.length)
    const own = parts[at] ?? alone('')
    const { asked, saying } = own
    if (!hasToken(wire, own)) ledger.blurred = true
    const misnamed = asked !== undefined && saying !== undefined && random.chance(50)
    const other = misnamed ? alone(wire.write(misname(asked, random), saying)) : foreign()
    return { parts: parts.with(at, other), from: at, ending: undefined }
  },

  missing(parts, { random }) {
    const at = random.below(parts.length)
    return { parts: parts.toSpliced(at, 1), from: at, ending: undefined }
  },

  garbage(parts, { random }) {
    const bytes = Array.from({ length: random.between(1, 40) }, () => random.below(256))
    return insert(parts, random.between(0, parts.length), alone(String.fromCharCode(...bytes)))
  },

  /** Bytes in the middle of an answer; what they make of it is still no other answer. */
  dirt(parts, { random, ledger }) {
    const at = random.below(parts.length)
    const { bytes = '', asked } = parts[at] ?? {}
    const place = random.between(1, Math.max(1, bytes.length - 1))
    const dirt = Array.from({ length: random.between(1, 5) }, () => random.between(0x40, 0xff))
    if (asked !== undefined) ledger.damaged.add(asked.key)
    const dirty = alone(bytes.slice(0, place) + String.fromCharCode(...dirt) + bytes.slice(place))
    return { parts: parts.with(at, dirty), from: at, ending: undefined }
  },

  half(parts, { random }) {
    const at = random.below(parts.length)
    const { bytes = '' } = parts[at] ?? {}
    const half = alone(bytes.slice(0, random.below(bytes.length)))
    return { parts: [...parts.slice(0, at), half], from: at, ending: random.pick(ENDINGS) }
  },

  ends(parts, { random }) {
    const at = random.between(0, parts.length)
    return { parts: parts.slice(0, at), from: at, ending: random.pick(ENDINGS) }
  },
}

const NAMES = Object.keys(FAULTS) as [FaultName, ...FaultName[]]

/** Draws a fault. */
export function drawFault(random: Random): FaultName {
  return random.pick(NAMES)
}

/** Bytes that answer nobody. */
export function alone(bytes: string): Part {
  return { bytes, asked: undefined, saying: undefined }
}

/** Whether bytes cannot be taken for the answer to another request than their own, as far as they are an answer. */
export function hasToken(wire: Wire, { asked, saying }: Part): boolean {
  return asked === undefined || saying === undefined || wire.hasToken(asked, saying)
}

function insert(parts: readonly Part[], at: number, part: Part | undefined): Faulted {
  const more = part === undefined ? [] : [alone(part.bytes)]
  return { parts: parts.toSpliced(at, 0, ...more), from: at, ending: undefined }
}

/** The same request under another key, and with a token that nobody had: to forge a used one is to know the protocol. */
function misname(asked: Asked, random: Random): Asked {
  return { ...asked, key: `${asked.key}x`, opaque: (asked.opaque + random.pick([256, 65_536, -256])) >>> 0 }
}
