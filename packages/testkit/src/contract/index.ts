export { contract } from './contract.ts'
export type { ContractCache, Layers, SealedItem, Subject } from './subject.ts'
