/** What the command itself and Memkeep's own tools use. No promise is made to others. */
export { main, run } from './cli/main.ts'
