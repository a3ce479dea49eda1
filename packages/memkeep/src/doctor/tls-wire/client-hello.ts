import { randomBytes } from 'node:crypto'

/** What a client asks a server for, and nothing else of TLS: no keys, no secrets. */
export interface ClientHello {
  /** The newest version, by its number on the wire. Up to TLS 1.2 a server may choose an older one. */
  readonly version: number
  /** The cipher suites, the best liked first. */
  readonly suites: readonly number[]
  /** The server's name, where it has one (RFC 6066, section 3). */
  readonly servername?: string | undefined
}

const SSL_3_0 = 0x0300
const TLS_1_2 = 0x0303
const TLS_1_3 = 0x0304
const HANDSHAKE = 22
const CLIENT_HELLO = 1
/** Says that renegotiation is safe here (RFC 5746, section 3.3), which some servers demand. */
const EMPTY_RENEGOTIATION_INFO = 0x00ff

const SERVER_NAME = 0
const SUPPORTED_GROUPS = 10
const EC_POINT_FORMATS = 11
const SIGNATURE_ALGORITHMS = 13
const EXTENDED_MASTER_SECRET = 23
const SUPPORTED_VERSIONS = 43
const KEY_SHARE = 51

/** X25519, P-256, P-384, P-521, X448, then finite fields (IANA's "TLS Supported Groups"). */
const GROUPS = [29, 23, 24, 25, 30, 256, 257, 258, 259, 260]
/** Every combination that a server may have, the weak ones too (IANA's "TLS SignatureScheme"). */
const SCHEMES = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501,
  0x0601, 0x0303, 0x0301, 0x0203, 0x0201, 0x0402, 0x0302, 0x0202,
]

/**
 * A ClientHello in one record (RFC 5246, section 7.4.1.2; RFC 8446, section 4.1.2). For TLS 1.3 it brings no key
 * share: a server that takes it says so, with the suite that it chose, by asking for one (section 4.1.4), and computes
 * nothing.
 */
export function encodeClientHello({ version, suites, servername }: ClientHello): Buffer {
  const legacyVersion = Math.min(version, TLS_1_2)
  const body = Buffer.concat([
    uint16(legacyVersion),
    randomBytes(32),
    // TLS 1.3 behind a session id looks like a resumption to what stands in between (RFC 8446, appendix D.4)
    vector8(version === TLS_1_3 ? randomBytes(32) : Buffer.alloc(0)),
    vector16(uint16(...suites, ...(version === TLS_1_3 ? [] : [EMPTY_RENEGOTIATION_INFO]))),
    vector8(Buffer.from([0])),
    ...(version === SSL_3_0 ? [] : [vector16(Buffer.concat(extensionsFor(version, servername)))]),
  ])
  const message = Buffer.concat([Buffer.from([CLIENT_HELLO]), uint24(body.length), body])
  // the record's version is the oldest that all understand (RFC 8446, section 5.1)
  return Buffer.concat([Buffer.from([HANDSHAKE]), uint16(Math.min(version, 0x0301)), vector16(message)])
}

function extensionsFor(version: number, servername: string | undefined): Buffer[] {
  const extensions = [
    extension(SUPPORTED_GROUPS, vector16(uint16(...GROUPS))),
    extension(EC_POINT_FORMATS, vector8(Buffer.from([0]))),
    extension(EXTENDED_MASTER_SECRET, Buffer.alloc(0)),
  ]
  if (servername !== undefined) {
    const name = Buffer.concat([Buffer.from([0]), vector16(Buffer.from(servername, 'latin1'))])
    extensions.unshift(extension(SERVER_NAME, vector16(name)))
  }
  if (version >= TLS_1_2) extensions.push(extension(SIGNATURE_ALGORITHMS, vector16(uint16(...SCHEMES))))
  if (version === TLS_1_3) {
    extensions.push(
      extension(SUPPORTED_VERSIONS, vector8(uint16(TLS_1_3))),
      extension(KEY_SHARE, vector16(Buffer.alloc(0))),
    )
  }
  return extensions
}

function extension(type: number, data: Buffer): Buffer {
  return Buffer.concat([uint16(type), vector16(data)])
}

function vector8(data: Buffer): Buffer {
  return Buffer.concat([Buffer.from([data.length]), data])
}

function vector16(data: Buffer): Buffer {
  return Buffer.concat([uint16(data.length), data])
}

function uint16(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * numbers.length)
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, 2 * index))
  return bytes
}

function uint24(number: number): Buffer {
  const bytes = Buffer.alloc(3)
  bytes.writeUIntBE(number, 0, 3)
  return bytes
}
