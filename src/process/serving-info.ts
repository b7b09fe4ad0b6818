/** What `lowport` tells about itself once it serves. */
export interface ServingInfo {
  readonly version: string;
  /** `http://192.168.2.7`, `http://*:8080`, `unix:/run/x.sock`. */
  readonly listeners: readonly string[];
  /** How the listening sockets were obtained, one sentence. */
  readonly socket: string;
  /** As whom the workers run, one sentence. */
  readonly runningAs: string;
  readonly workers: number;
  /** The process to send signals to. */
  readonly pid: number;
}

export interface ServeHooks {
  /** Called once, when every worker accepts. */
  readonly onReady: (info: ServingInfo) => void;
}
