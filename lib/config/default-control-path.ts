/** Apart from all else of a configuration, so that a verb that asks the daemon loads nothing more. */

/** Where `mhtun up` listens for the other verbs unless told otherwise. */
export const defaultControlPath: string = '/run/mhtun/mhtun.sock';
