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
  let end = at + 1
  for (let rest = number; rest >= 10; rest = (rest / 10) >>> 0) end++
  let rest = number
  for (let digit = end - 1; digit >= at; digit--) {
    const next = (rest / 10) >>> 0
    out[digit] = 0x30 + rest - next * 10
    rest = next
  }
  return end
}
