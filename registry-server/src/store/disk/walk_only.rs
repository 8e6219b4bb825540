//! Opening below a directory where the kernel has no call for it.

use super::{Open, walk};
use rustix::fd::OwnedFd;

/// The one way there is.
pub(super) fn choose(_: &OwnedFd) -> Open {
    walk::open
}
