//! Writing to the disk before it is asked for, where the kernel can be told to begin with it.

use rustix::fs::{Advice, fadvise};
use std::fs::File;
use std::num::NonZeroU64;

/// Begins to write a part of a file to the disk. Linux does that with what it is told is not needed in
/// memory any more, and keeps it there as long as it is not written.
pub(super) fn begin(file: &File, from: u64, length: u64) {
    if let Some(length) = NonZeroU64::new(length) {
        // It is advice: nothing depends on whether it is taken.
        let _ = fadvise(file, from, Some(length), Advice::DontNeed);
    }
}
