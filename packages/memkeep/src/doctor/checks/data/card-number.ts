/** Digits in runs as card numbers have them, bare or in groups of four. */
const CANDIDATE = /(?<!\d)(?:\d{14,16}|\d{4}([ -])\d{4}\1\d{4}\1\d{4})(?!\d)/g

/** By network: Visa, Mastercard, American Express, Discover, JCB, Diners; how they begin and how long they are. */
const NETWORKS =
  /^(?:4\d{15}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|3[47]\d{13}|6(?:011|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11})$/

/** Whether a text holds what looks like the number of a payment card: its length, its start and its check digit. */
export function hasCardNumber(text: string): boolean {
  for (const [candidate] of text.matchAll(CANDIDATE)) {
    const digits = candidate.replace(/\D/g, '')
    if (NETWORKS.test(digits) && hasCheckDigit(digits)) return true
  }
  return false
}

/** The check of ISO/IEC 7812-1, annex B (Luhn's), which one number of ten passes by chance. */
function hasCheckDigit(digits: string): boolean {
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const weighted = Number(digits[index]) * ((digits.length - index) % 2 === 0 ? 2 : 1)
    sum += weighted > 9 ? weighted - 9 : weighted
  }
  return sum % 10 === 0
}
