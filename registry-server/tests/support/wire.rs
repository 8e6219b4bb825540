//! A connection that is kept: it asks, and says when it was cut.

#![allow(dead_code, reason = "each test binary uses some of it")]

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

pub(crate) struct Wire {
    stream: TcpStream,
    headers: String,
    /// What was read behind the last answer, and then the next one.
    read: Vec<u8>,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// A longer body is sent as it is, instead of being copied behind its head.
const LONG: usize = 64 << 10;

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

impl Wire {
    /// A connection that waits so long for each part of an answer.
    pub(crate) fn open(address: SocketAddr, patience: Duration) -> Result<Wire> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        Ok(Wire {
            stream,
            headers: "Host: registry\r\n".to_owned(),
            read: vec![],
        })
    }

    pub(crate) fn token(mut self, token: &str) -> Wire {
        self.headers
            .push_str(&format!("Authorization: Bearer {token}\r\n"));
        self
    }

    pub(crate) fn header(mut self, line: &str) -> Wire {
        self.headers.push_str(&format!("{line}\r\n"));
        self
    }

    pub(crate) fn get(&mut self, path: &str) -> Result<Reply> {
        self.stream.write_all(&self.head("GET", path, ""))?;
        self.reply()
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, body: &[u8]) -> Result<Reply> {
        let length = format!("Content-Length: {}\r\n", body.len());
        let mut request = self.head(method, path, &length);
        if body.len() > LONG {
            self.stream.write_all(&request)?;
            self.stream.write_all(body)?;
        } else {
            request.extend_from_slice(body);
            self.stream.write_all(&request)?;
        }
        self.reply()
    }

    /// Asks, and counts the bytes of the answer instead of keeping them.
    pub(crate) fn measure(&mut self, path: &str, space: &mut [u8]) -> Result<(u16, u64)> {
        self.stream.write_all(&self.head("GET", path, ""))?;
        let (head, length) = self.head_of_reply()?;
        let status = status_of(&head)?;
        let mut missing = length - self.read.len() as u64;
        self.read.clear();
        while missing > 0 {
            match self.stream.read(space)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => missing -= read as u64,
            }
        }
        Ok((status, length))
    }

    fn head(&self, method: &str, path: &str, more: &str) -> Vec<u8> {
        let headers = &self.headers;
        format!("{method} {path} HTTP/1.1\r\n{headers}{more}\r\n").into_bytes()
    }

    fn reply(&mut self) -> Result<Reply> {
        let (head, length) = self.head_of_reply()?;
        let status = status_of(&head)?;
        let length = usize::try_from(length).map_err(Error::other)?;
        while self.read.len() < length {
            self.read_more()?;
        }
        let body = self.read.drain(..length).collect();
        Ok(Reply { status, head, body })
    }

    /// Reads the head of an answer, which says how many bytes follow.
    fn head_of_reply(&mut self) -> Result<(String, u64)> {
        let end = loop {
            match self.read.windows(4).position(|end| end == b"\r\n\r\n") {
                Some(at) => break at + 4,
                None => self.read_more()?,
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).map_err(Error::other)?;
        let length = header(&head, "content-length").and_then(|text| text.parse().ok());
        Ok((head, length.unwrap_or(0)))
    }

    fn read_more(&mut self) -> Result<()> {
        let mut space = [0; 16384];
        match self.stream.read(&mut space)? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.read.extend_from_slice(&space[..read]);
                Ok(())
            }
        }
    }
}

fn status_of(head: &str) -> Result<u16> {
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    status.ok_or_else(|| ErrorKind::InvalidData.into())
}
