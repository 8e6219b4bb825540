//! Where the bytes of a component come from.

use std::io;
use std::sync::Arc;

/// The bytes of one input, read at an offset.
///
/// The composer does no I/O of its own: a caller that keeps a component in a file implements this
/// over the file, and only the few kilobytes that describe the component are ever asked for.
pub trait Input: Send + Sync {
    /// The number of bytes.
    fn size(&self) -> u64;

    /// Fills `buf` with the bytes that start at `offset`.
    ///
    /// # Errors
    ///
    /// An input that ends before `buf` is full gives [`io::ErrorKind::UnexpectedEof`].
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()>;
}

impl Input for &[u8] {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let bytes = usize::try_from(offset)
            .ok()
            .and_then(|start| self.get(start..start.checked_add(buf.len())?))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(bytes);
        Ok(())
    }
}

impl<T: Input + ?Sized> Input for Box<T> {
    fn size(&self) -> u64 {
        T::size(self)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        T::read_at(self, offset, buf)
    }
}

impl<T: Input + ?Sized> Input for Arc<T> {
    fn size(&self) -> u64 {
        T::size(self)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        T::read_at(self, offset, buf)
    }
}

impl Input for Vec<u8> {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_at(offset, buf)
    }
}

impl<const N: usize> Input for [u8; N] {
    fn size(&self) -> u64 {
        self.as_slice().size()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.as_slice().read_at(offset, buf)
    }
}
