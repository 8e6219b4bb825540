//! Where `wkg` and its kin look for packages: in this registry, by OCI, `ns:name` as `ns/name`.

use crate::api::{Body, reply};
use bytes::Bytes;
use http::Response;

/// The client goes on asking the host that it asked for this.
const DOCUMENT: &[u8] = b"{\"preferredProtocol\":\"oci\",\"oci\":{}}\n";

pub(super) fn answer() -> Response<Body> {
    reply::ok("application/json", Bytes::from_static(DOCUMENT))
}
