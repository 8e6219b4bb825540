//! Opening below a directory one part at a time, on any Unix.

use crate::store::FilePath;
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags};

/// Opens each directory on the way, and then the last part, none through a symbolic link.
pub(super) fn open(
    root: &OwnedFd,
    path: &FilePath,
    flags: OFlags,
    mode: Mode,
) -> rustix::io::Result<OwnedFd> {
    let on_the_way = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = |dir: &OwnedFd, part: &str, flags: OFlags, mode| {
        rustix::io::retry_on_intr(|| rustix::fs::openat(dir, part, flags | OFlags::NOFOLLOW, mode))
    };
    let Some((parent, name)) = path.split() else {
        return open(root, ".", flags, mode);
    };
    let mut held: Option<OwnedFd> = None;
    for part in parent.parts() {
        held = Some(open(
            held.as_ref().unwrap_or(root),
            part,
            on_the_way,
            Mode::empty(),
        )?);
    }
    open(held.as_ref().unwrap_or(root), name, flags, mode)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use crate::store::disk::{Disk, FILE_MODE, walk};
    use crate::store::{FilePath, Files};
    use rustix::io::Errno;
    use std::os::unix::fs::symlink;

    #[test]
    fn without_help_from_the_kernel_no_symbolic_link_is_followed_either() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let dir = tempfile::tempdir().unwrap();
        symlink(outside.path(), dir.path().join("dir")).unwrap();
        symlink(outside.path().join("secret"), dir.path().join("file")).unwrap();
        let disk = Disk {
            open: walk::open,
            ..Disk::open(dir.path()).unwrap()
        };
        let path = |text: &str| text.parse::<FilePath>().unwrap();

        disk.create_dir(&path("a")).unwrap();
        disk.create_dir(&path("a/b")).unwrap();
        let mut file = disk.create(&path("a/b/f")).unwrap();
        file.write_all(b"x").unwrap();
        assert_eq!(disk.read(&path("a/b/f")).unwrap(), b"x");
        disk.rename(&path("a/b/f"), &path("g")).unwrap();
        disk.sync_dir(&FilePath::root()).unwrap();
        assert_eq!(disk.list(&FilePath::root()).unwrap().len(), 4);

        assert!(disk.open(&path("dir/secret")).is_err());
        assert!(disk.list(&path("dir")).is_err());
        assert!(disk.create(&path("dir/new")).is_err());
        assert!(disk.rename(&path("g"), &path("dir/new")).is_err());
        assert!(disk.open(&path("file")).is_err());
        let flags = rustix::fs::OFlags::RDONLY;
        let refused = walk::open(&disk.root, &path("file"), flags, FILE_MODE);
        assert_eq!(refused.unwrap_err(), Errno::LOOP);
    }
}
