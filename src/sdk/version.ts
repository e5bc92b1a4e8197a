/** Version of this SDK, sent with each request as `X-Trainyard-Client: sdk/<version>`. Equals the package's. */
export const SDK_VERSION = '0.1.0'
