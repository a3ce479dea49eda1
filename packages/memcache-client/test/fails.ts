/** The message that a promise is rejected with; an error when it is not. */
export async function fails(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  throw new Error('It did not fail')
}
