//! Bytes put together from parts: some of our own, and ranges of inputs that are copied as they are.

use crate::input::Input;
use std::io;
use std::ops::Range;

/// A part of the bytes of a composition, or of a component that is taken out of one.
pub enum Piece<'i> {
    /// These bytes.
    Bytes(Vec<u8>),
    /// The bytes of this input in this range, which lies within it.
    Input(&'i dyn Input, Range<u64>),
}

/// Pieces in order, read as one input.
#[derive(Default)]
pub(crate) struct Pieces<'i> {
    pieces: Vec<Piece<'i>>,
    /// Where each piece begins.
    starts: Vec<u64>,
    size: u64,
}

impl Piece<'_> {
    /// The number of bytes.
    pub fn size(&self) -> u64 {
        match self {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::Input(_, range) => range.end.saturating_sub(range.start),
        }
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        match self {
            Piece::Bytes(bytes) => bytes.read_at(offset, buf),
            Piece::Input(input, range) => input.read_at(range.start + offset, buf),
        }
    }
}

impl<'i> Pieces<'i> {
    /// Goes on with `bytes`.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Bytes(last)) => {
                last.extend(bytes);
                self.size += bytes.len() as u64;
            }
            _ => self.push(Piece::Bytes(bytes.to_vec())),
        }
    }

    /// Goes on with a range of an input.
    pub(crate) fn range(&mut self, input: &'i dyn Input, range: Range<u64>) {
        self.push(Piece::Input(input, range));
    }

    /// Goes on with all of `others`.
    pub(crate) fn append(&mut self, others: Pieces<'i>) {
        for piece in others.pieces {
            match piece {
                Piece::Bytes(bytes) => self.bytes(&bytes),
                piece => self.push(piece),
            }
        }
    }

    /// Leaves out what is after the first `size` bytes. The last of these are not of an input.
    pub(crate) fn truncate(&mut self, size: u64) {
        let kept = self.starts.partition_point(|start| *start < size);
        self.pieces.truncate(kept);
        self.starts.truncate(kept);
        if let (Some(Piece::Bytes(last)), Some(start)) =
            (self.pieces.last_mut(), self.starts.last())
        {
            last.truncate((size - start) as usize);
        }
        self.size = size;
    }

    pub(crate) fn as_slice(&self) -> &[Piece<'i>] {
        &self.pieces
    }

    fn push(&mut self, piece: Piece<'i>) {
        let size = piece.size();
        if size > 0 {
            self.starts.push(self.size);
            self.pieces.push(piece);
            self.size += size;
        }
    }
}

impl Input for Pieces<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let first = self.starts.partition_point(|start| *start <= offset);
        let first = first.saturating_sub(1);
        let (mut offset, mut left) = (offset, buf);
        for (piece, start) in self.pieces.iter().zip(&self.starts).skip(first) {
            let within = offset - start;
            let len = piece.size().saturating_sub(within).min(left.len() as u64);
            let (part, rest) = left.split_at_mut(len as usize);
            piece.read_at(within, part)?;
            offset += len;
            left = rest;
            if left.is_empty() {
                return Ok(());
            }
        }
        match left.is_empty() {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
