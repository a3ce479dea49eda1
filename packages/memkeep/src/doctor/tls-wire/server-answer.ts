/** What a server says to a ClientHello, as far as it is in clear. */
export type ServerAnswer =
  /** It takes it: the version and the cipher suite that it chose, by their numbers. */
  | { readonly kind: 'hello'; readonly version: number; readonly suite: number }
  /** It refuses it (RFC 8446, section 6): the alert's number. */
  | { readonly kind: 'alert'; readonly alert: number }
  /** It does not do TLS, or answers what no server of TLS would. */
  | { readonly kind: 'foreign' }

const ALERT = 21
/** An alert's level, after which a server goes on (RFC 5246, section 7.2). */
const WARNING = 1
const HANDSHAKE = 22
const SERVER_HELLO = 2
const SUPPORTED_VERSIONS = 43
const RECORD_HEADER_BYTES = 5
const MESSAGE_HEADER_BYTES = 4
/** A record's longest payload, with what ciphers may add (RFC 5246, section 6.2.3). */
const MAX_RECORD_BYTES = 16_384 + 2_048

const NAMES: Readonly<Record<number, string>> = {
  40: 'handshake_failure',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  109: 'missing_extension',
  112: 'unrecognized_name',
  116: 'certificate_required',
}

/** An alert's name, as the RFCs write it. */
export function alertName(alert: number): string {
  return NAMES[alert] ?? `alert ${String(alert)}`
}

/** Reads a server's first message; undefined while it is not whole. */
export function parseServerAnswer(received: Buffer): ServerAnswer | undefined {
  const fragments: Buffer[] = []
  for (let at = 0; received.length > at;) {
    const type = received.readUInt8(at)
    if (type !== ALERT && type !== HANDSHAKE) return { kind: 'foreign' }
    if (received.length >= at + 2 && received.readUInt8(at + 1) !== 3) return { kind: 'foreign' }
    if (received.length < at + RECORD_HEADER_BYTES) return undefined
    const length = received.readUInt16BE(at + 3)
    if (length === 0 || length > MAX_RECORD_BYTES) return { kind: 'foreign' }
    const start = at + RECORD_HEADER_BYTES
    const payload = received.subarray(start, start + length)
    if (type === ALERT) {
      if (payload.length < 2) return undefined
      if (payload.readUInt8(0) !== WARNING) return { kind: 'alert', alert: payload.readUInt8(1) }
    } else {
      fragments.push(payload)
      const answer = parseHandshake(Buffer.concat(fragments))
      if (answer !== undefined) return answer
    }
    at = start + length
  }
  return undefined
}

function parseHandshake(message: Buffer): ServerAnswer | undefined {
  if (message.length < MESSAGE_HEADER_BYTES) return undefined
  const length = message.readUIntBE(1, 3)
  if (message.readUInt8(0) !== SERVER_HELLO || length > MAX_RECORD_BYTES) return { kind: 'foreign' }
  if (message.length < MESSAGE_HEADER_BYTES + length) return undefined
  try {
    return parseServerHello(message.subarray(MESSAGE_HEADER_BYTES, MESSAGE_HEADER_BYTES + length))
  } catch (error) {
    // a length in it that leads beyond its end
    if (error instanceof RangeError) return { kind: 'foreign' }
    throw error
  }
}

/** RFC 5246, section 7.4.1.3; RFC 8446, section 4.1.3: the version may stand in an extension. */
function parseServerHello(body: Buffer): ServerAnswer {
  let version = body.readUInt16BE(0)
  const sessionEnd = 2 + 32 + 1 + body.readUInt8(34)
  const suite = body.readUInt16BE(sessionEnd)
  // behind the suite: one byte of compression, then the length of what follows
  for (let at = sessionEnd + 2 + 1 + 2; at < body.length;) {
    if (body.readUInt16BE(at) === SUPPORTED_VERSIONS) version = body.readUInt16BE(at + 4)
    at += 4 + body.readUInt16BE(at + 2)
  }
  return { kind: 'hello', version, suite }
}
