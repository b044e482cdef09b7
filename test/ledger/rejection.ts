import { BerthError, type ErrorDetail } from '../../src/model/error.ts';

/** The detail of the `BerthError` that the promise rejects with. Anything else fails the test. */
export async function rejection(promise: Promise<unknown>): Promise<ErrorDetail> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BerthError) return error.detail;
    throw error;
  }
  throw new Error('a rejection was expected');
}
