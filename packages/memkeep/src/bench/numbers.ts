/** Reads a list of whole numbers from 1 to `most` from the command line: `1,32,256`. @throws RangeError naming the option */
export function parseNumbers(option: string, list: string, most?: number): readonly number[] {
  const last = most ?? Infinity
  return list.split(',').map((text) => {
    const number = Number(text)
    if (!Number.isInteger(number) || number < 1 || number > last) {
      const to = most === undefined ? 'on' : `to ${String(most)}`
      throw new RangeError(`--${option} takes whole numbers from 1 ${to}`)
    }
    return number
  })
}
