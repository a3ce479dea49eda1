export { main } from './main.ts'
export { gatherEvidence, type Report, type RowReport } from './report.ts'
export { expectedFindings, type Findings } from './findings.ts'
export { ROWS, type Layers, type Row } from './rows.ts'
