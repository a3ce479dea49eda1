import { parentPort, workerData } from 'node:worker_threads'
import { EnvelopeCipher, Keyring } from '@memkeep/encryption'
import { aeadOf } from '../../dist/envelope/ciphers/index.js'
import { Sealer } from '../../dist/envelope/sealer.js'
import { masterKeysOf } from '../../dist/keyring/keyring.js'

/** Salt and counter of an envelope lie side by side. */
const RECORD_AT = 9
const RECORD_END = 33

const { keys, algorithm, values, sessionLimit, repeats } = workerData
const keyring = Keyring.fromText(keys)
const sealer =
  sessionLimit === undefined
    ? new EnvelopeCipher({ keyring, algorithm })
    : new Sealer(masterKeysOf(keyring)[0], {
        aead: aeadOf(algorithm),
        context: Buffer.alloc(0),
        sessionLimit,
      })

const bytes = RECORD_END - RECORD_AT
const records = Buffer.alloc(values * bytes)
const entry = { key: 'k', value: Buffer.from('v'), flags: 0 }
for (let index = 0; index < values; index++) {
  if (index === values >> 1) sealer.newSession()
  sealer.seal(entry).copy(records, index * bytes, RECORD_AT, RECORD_END)
}
// the control: what a copied process would do
if (repeats) records.copy(records, bytes, 0, bytes)
parentPort.postMessage(records)
