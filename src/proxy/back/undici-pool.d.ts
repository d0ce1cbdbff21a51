/** The one class of undici that is used, at its own path; its type is the public one. */
declare module 'undici/lib/dispatcher/pool.js' {
  import { Pool } from 'undici'
  export = Pool
}
