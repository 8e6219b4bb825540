//! Opening below a directory on Linux, where the kernel itself can refuse symbolic links (`openat2`, since 5.6).

use super::{Open, walk};
use crate::store::FilePath;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, ResolveFlags};

/// The way that this kernel has. Sandboxes that do not know `openat2` refuse it with one error or another.
pub(super) fn choose(root: &OwnedFd) -> Open {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match open(root, &FilePath::root(), flags, Mode::empty()) {
        Ok(_) => open,
        Err(_) => walk::open,
    }
}

fn open(root: &OwnedFd, path: &FilePath, flags: OFlags, mode: Mode) -> rustix::io::Result<OwnedFd> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    rustix::io::retry_on_intr(|| rustix::fs::openat2(root, path.as_str(), flags, mode, resolve))
}
