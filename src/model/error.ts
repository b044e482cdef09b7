/** What went wrong with a call that could not be done. A refusal is not among them: it is an answer. */
export type ErrorCode =
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'APPROVAL_DENIED'
  | 'IDEMPOTENCY_CONFLICT'
  | 'LEDGER_REFUSED'
  | 'LEDGER_BUSY'
  | 'INTERRUPTED'
  | 'MODEL_FAILED'
  | 'INTERNAL';

/** What a caller needs in order to go on: one sentence what, one what to do, and fields a program can read. */
export type ErrorDetail = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
  readonly retryable: boolean;
  readonly field?: string;
  readonly allowed?: readonly string[];
  readonly didYouMean?: string;
  readonly seeTool?: string;
};

/** An operating or input error. Messages are lower case, without a full stop, with user input in backticks. */
export class BerthError extends Error {
  readonly detail: ErrorDetail;

  constructor(detail: Omit<ErrorDetail, 'retryable'> & { retryable?: boolean }, options?: ErrorOptions) {
    super(detail.message, options);
    this.name = 'BerthError';
    this.detail = { retryable: false, ...detail };
  }
}
