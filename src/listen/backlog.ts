/**
 * Connections that the kernel completes ahead of accept(2); net.core.somaxconn, 4096 by default, caps it. Every
 * listen(2) has to say it, the one on an inherited socket too: Node's default of 511 would lower what is set.
 */
export const LISTEN_BACKLOG = 4096;
