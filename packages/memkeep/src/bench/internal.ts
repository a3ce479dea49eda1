/**
 * What Memkeep's own bench shares with `memkeep bench`: the loop, what it asks for, and what it makes of it. A face of
 * its own, so that a process that is measured loads no command. No promise is made to others.
 */
export type { Client, Form } from './client.ts'
export { group, makeTable, printTable, type Colors } from './grid.ts'
export { parseNumbers } from './numbers.ts'
export { Hang } from './progress.ts'
export { Work, WrongAnswer, type SliceFigures, type SliceTimes } from './slice.ts'
export { medianOf, spreadOf, summarize, type Summary } from './stats.ts'
export { Values } from './values.ts'
export { listWorkloads, nameSize, nameWorkload, type Operation, type Workload } from './workload.ts'
