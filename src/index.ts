export { type ErrorCode, type ErrorSource, type Fix, LowportError } from './base/errors.ts';
export { type CreateProxyOptions, type CreateProxyRoute, createProxy } from './library/create-proxy.ts';
export { type InheritedSocket, type ListenFdsOptions, listenFds } from './listen/inherit.ts';
export type { AccessEntry, ForwardAuth, ForwardOptions, Limits } from './proxy/options.ts';
export type { HttpProxy } from './proxy/proxy.ts';
