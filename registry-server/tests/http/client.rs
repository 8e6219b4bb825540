//! Someone at the other end of a socket, who says exactly what they are told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;
use tenon_registry_client::api::{Problem, ProblemCode};

pub(crate) struct Client {
    stream: TcpStream,
    read: Vec<u8>,
    headers: String,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Client {
            stream,
            read: vec![],
            headers: "Host: registry\r\n".to_owned(),
        }
    }

    pub(crate) fn token(mut self, token: &str) -> Client {
        self.headers
            .push_str(&format!("Authorization: Bearer {token}\r\n"));
        self
    }

    pub(crate) fn header(mut self, line: &str) -> Client {
        self.headers.push_str(&format!("{line}\r\n"));
        self
    }

    /// Sends bytes; whoever closed the connection does not take them, which is no surprise here.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path)
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str) -> Answer {
        let head = format!("{method} {path} HTTP/1.1\r\n{}\r\n", self.headers);
        self.send(head.as_bytes());
        self.answer_to(method).expect("an answer")
    }

    pub(crate) fn ask_with(&mut self, method: &str, path: &str, body: &[u8]) -> Answer {
        self.begin(method, path, &format!("Content-Length: {}", body.len()));
        self.send(body);
        self.answer_to(method).expect("an answer")
    }

    /// Sends the head of a request with one more header.
    pub(crate) fn begin(&mut self, method: &str, path: &str, header: &str) {
        let headers = &self.headers;
        let head = format!("{method} {path} HTTP/1.1\r\n{headers}{header}\r\n\r\n");
        self.send(head.as_bytes());
    }

    /// The next answer; `None` if the connection was closed.
    pub(crate) fn answer(&mut self) -> Option<Answer> {
        self.answer_to("GET")
    }

    fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let end = loop {
            match self
                .read
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                Some(at) => break at + 4,
                None => self.read_more()?,
            }
        };
        let head = String::from_utf8(self.read.drain(..end).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: vec![],
        };
        if status == 100 {
            return Some(answer);
        }
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        if method != "HEAD" && status != 304 {
            while self.read.len() < length {
                self.read_more()?;
            }
            answer.body = self.read.drain(..length).collect();
        }
        Some(answer)
    }

    fn read_more(&mut self) -> Option<()> {
        let mut space = [0; 65536];
        match self.stream.read(&mut space) {
            Ok(0) => None,
            Ok(read) => {
                self.read.extend_from_slice(&space[..read]);
                Some(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("no answer in time")
            }
            Err(_) => None,
        }
    }

    /// Whatever comes first.
    pub(crate) fn answer_bytes(&mut self) -> Option<&[u8]> {
        self.read_more()?;
        Some(&self.read)
    }

    /// Whether the other side closes the connection without another byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.read.is_empty() && self.read_more().is_none()
    }

    pub(crate) fn shut_down_writing(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The problem that it is, which is whole and of this code.
    #[track_caller]
    pub(crate) fn problem(&self, code: ProblemCode) -> Problem {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem: Problem = self.json();
        assert_eq!(problem.code, code, "{problem:?}");
        assert_eq!((problem.status, code.status()), (self.status, self.status));
        assert_eq!(self.header("x-request-id"), Some(problem.instance.as_str()));
        assert!(!problem.detail.is_empty());
        problem
    }
}
