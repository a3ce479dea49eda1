/** What Memkeep's own adapters use of a client below its public face. No promise is made to others. */
export { recordsOf, type FoundRecord, type FoundRecords, type Records } from './records.ts'
