/** Tags of ASN.1 (X.680): the two kinds of Time of RFC 5280, section 4.1.2.5. */
const UTC_TIME = 0x17
const GENERALIZED_TIME = 0x18

/** One element of a DER encoding (X.690, section 8.1). */
interface Element {
  readonly tag: number
  readonly content: Buffer
  /** How many bytes tag, length and content are. */
  readonly size: number
}

/**
 * When a revocation list is no longer to be relied on: its nextUpdate (RFC 5280, section 5.1.2.5), which Node does not
 * tell. In milliseconds since 1970; Infinity where the list names none, 0 where it cannot be read.
 *
 * @param pem one list, which OpenSSL has loaded
 */
export function nextUpdateOf(pem: string): number {
  const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64')
  try {
    // CertificateList, its TBSCertList, and in that: version, signature, issuer, thisUpdate, nextUpdate
    const fields = elementsOf(firstOf(firstOf(der).content).content)
    const thisUpdate = fields.findIndex(isTime)
    const next = fields[thisUpdate + 1]
    if (thisUpdate < 0) return 0
    return next !== undefined && isTime(next) ? readTime(next) : Infinity
  } catch (error) {
    if (error instanceof RangeError) return 0
    throw error
  }
}

function isTime({ tag }: Element): boolean {
  return tag === UTC_TIME || tag === GENERALIZED_TIME
}

/** Two digits of a year are one of 1950 to 2049. */
function readTime({ tag, content }: Element): number {
  const text = content.toString('latin1')
  const century = tag === GENERALIZED_TIME ? '' : Number(text.slice(0, 2)) < 50 ? '20' : '19'
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text)
  if (parts === null) return 0
  const [year = 0, month = 0, day, hour, minute, second] = parts.slice(1).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

function elementsOf(content: Buffer): readonly Element[] {
  const elements: Element[] = []
  for (let at = 0; at < content.length;) {
    const element = firstOf(content.subarray(at))
    elements.push(element)
    at += element.size
  }
  return elements
}

/** @throws RangeError when the bytes end before the element does */
function firstOf(bytes: Buffer): Element {
  const tag = bytes.readUInt8(0)
  const short = bytes.readUInt8(1)
  const lengthBytes = short < 0x80 ? 0 : short - 0x80
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(2, lengthBytes)
  const start = 2 + lengthBytes
  if (start + length > bytes.length) throw new RangeError('An element ends after what holds it')
  return { tag, content: bytes.subarray(start, start + length), size: start + length }
}
