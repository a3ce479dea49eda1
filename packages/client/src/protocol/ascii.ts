/** From here on, in characters, a native call beats a loop. */
const LONG_STRING = 48

/** Writes a string as UTF-8 and returns the offset just behind it; quick for short ASCII, which keys mostly are. */
export function writeString(string: string, out: Buffer, at: number): number {
  const { length } = string
  if (length > LONG_STRING) return at + out.write(string, at)
  for (let index = 0; index < length; index++) {
    const code = string.charCodeAt(index)
    if (code > 0x7f) return at + out.write(string, at)
    out[at + index] = code
  }
  return at + length
}

/** Writes a whole number of up to 32 bits in decimal digits and returns the offset just behind it. */
export function writeNumber(number: number, out: Buffer, at: number): number {
  const end = at + digitsOf(number)
  let rest = number
  let next = end
  // two digits with each division
  while (rest >= 10) {
    const hundreds = (rest / 100) >>> 0
    const pair = rest - hundreds * 100
    const tens = (pair * 205) >>> 11
    out[--next] = ZERO + pair - tens * 10
    out[--next] = ZERO + tens
    rest = hundreds
  }
  if (next > at) out[at] = ZERO + rest
  return end
}

const ZERO = 0x30

function digitsOf(number: number): number {
  if (number < 1e5) {
    if (number < 100) return number < 10 ? 1 : 2
    if (number < 1e4) return number < 1e3 ? 3 : 4
    return 5
  }
  if (number < 1e7) return number < 1e6 ? 6 : 7
  if (number < 1e9) return number < 1e8 ? 8 : 9
  return 10
}
