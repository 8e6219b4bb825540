//! What the server and its processes say to each other: JSON, with its length before it.

use super::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};
use tenon_registry_client::api::world::World;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// The longest request or answer, in bytes. A description has 1 MiB at most.
const MAX_FRAME: usize = (1 << 20) + (64 << 10);

/// A request to check a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// The bytes of its path.
    pub(super) path: Vec<u8>,
    /// The word for its kind.
    pub(super) kind: String,
    /// The package and version it is to be.
    pub(super) expected: Option<(String, String)>,
    /// What it must not break, and what must not break it: the name of each, and the bytes of its path.
    pub(super) neighbours: [Option<(String, Vec<u8>)>; 2],
    /// The CPU time it may take, in seconds.
    pub(super) cpu: u64,
    /// The memory that it may take, in bytes.
    pub(super) memory: u64,
}

/// The answer to a request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// The content is good.
    World(Box<World>),
    /// The content must not be published.
    Refused(Refusal),
    /// The content, or the request, cannot be read, for this reason.
    Unreadable(String),
}

/// The bytes that say `message`.
pub(super) fn encode(message: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    serde_json::to_writer(&mut frame, message)?;
    let len = frame.len() - 4;
    let head = u32::try_from(len).ok().filter(|_| len <= MAX_FRAME);
    let head = head.ok_or(io::ErrorKind::FileTooLarge)?.to_le_bytes();
    frame.splice(..4, head);
    Ok(frame)
}

/// Writes a message.
pub(super) fn write(to: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    to.write_all(&encode(message)?)?;
    to.flush()
}

/// Reads a message; an `Err` may also say that there is none, or that it is no message.
pub(super) fn read<T: for<'de> Deserialize<'de>>(from: &mut impl Read) -> io::Result<T> {
    let mut head = [0; 4];
    from.read_exact(&mut head)?;
    let mut body = vec![0; length(head)?];
    from.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

/// As [`read`], without blocking.
pub(super) async fn receive<T: for<'de> Deserialize<'de>>(
    from: &mut (impl AsyncRead + Unpin),
) -> io::Result<T> {
    let mut head = [0; 4];
    from.read_exact(&mut head).await?;
    let mut body = vec![0; length(head)?];
    from.read_exact(&mut body).await?;
    Ok(serde_json::from_slice(&body)?)
}

fn length(head: [u8; 4]) -> io::Result<usize> {
    let len = u32::from_le_bytes(head) as usize;
    match len <= MAX_FRAME {
        true => Ok(len),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}
