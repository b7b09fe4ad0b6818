/** The port that is listened on where none is named: HTTP's own (RFC 9110 §4.2.1). */
export const DEFAULT_PORT = 80;

/** Milliseconds for exchanges in flight after SIGTERM: what Kubernetes waits before it kills. */
export const DEFAULT_DRAIN_TIMEOUT = 30_000;
