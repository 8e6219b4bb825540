//! How whoever waits learns how far something is.

/// What is told of the transfers of a client. A library never prints; whoever has a terminal may.
pub trait Progress: Send + Sync {
    /// A transfer begins. What is returned is told how far it is, and dropped at its end.
    fn begin(&self, transfer: Transfer<'_>) -> Box<dyn Meter>;
}

/// How far one transfer is.
pub trait Meter: Send {
    /// So many bytes have been transferred in all, or so many leaves of a log read. It can be less
    /// than before, if a transfer had to begin again.
    fn reach(&mut self, done: u64);
}

/// A transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// Which way it goes, and what is counted.
    pub kind: TransferKind,
    /// What is transferred, such as `acme:http@1.4.0`.
    pub what: &'a str,
    /// The bytes or leaves there are in all.
    pub total: u64,
}

/// What a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferKind {
    /// Content comes; bytes.
    Download,
    /// Content goes; bytes.
    Upload,
    /// A log is read; leaves.
    Log,
}

/// Nobody waits.
impl Progress for () {
    fn begin(&self, _: Transfer<'_>) -> Box<dyn Meter> {
        Box::new(())
    }
}

impl Meter for () {
    fn reach(&mut self, _: u64) {}
}
