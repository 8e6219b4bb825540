//! A proxy for TCP: another address for something, which can be turned away, and a server of static files.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

/// Forwards connections to where it is told.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    target: Arc<Mutex<Option<SocketAddr>>>,
    /// The connections that there are.
    clients: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub(crate) fn to(target: SocketAddr) -> Proxy {
        let target = Arc::new(Mutex::new(Some(target)));
        let clients: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let (shared, kept) = (target.clone(), clients.clone());
        let address = listen(move |client| {
            let target = *shared.lock().unwrap();
            if let Some(target) = target {
                kept.lock().unwrap().push(client.try_clone()?);
                join(client, TcpStream::connect(target)?)?;
            }
            Ok(())
        });
        Proxy {
            address,
            target,
            clients,
        }
    }

    /// Changes where connections go, and ends those that there are; nowhere, if there is no target.
    pub(crate) fn turn(&self, target: Option<SocketAddr>) {
        *self.target.lock().unwrap() = target;
        for client in self.clients.lock().unwrap().drain(..) {
            // It may have ended by itself.
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// Serves the files of a log that are in a folder, and takes everything else from a registry, if there is one.
pub(crate) fn serve_files(folder: &Path, registry: Option<SocketAddr>) -> SocketAddr {
    let folder: PathBuf = folder.to_owned();
    listen(move |mut client| {
        let mut head = vec![];
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            client.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        if let Some(registry) = registry.filter(|_| !path.starts_with("/log/")) {
            let mut server = TcpStream::connect(registry)?;
            let begin = head.trim_end();
            server.write_all(format!("{begin}\r\nconnection: close\r\n\r\n").as_bytes())?;
            return join(client, server);
        }
        let (status, body) = match std::fs::read(folder.join(&path[1..])) {
            Ok(body) => ("200 OK", body),
            Err(_) => ("404 Not Found", vec![]),
        };
        let length = body.len();
        let head =
            format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
        client.write_all(head.as_bytes())?;
        client.write_all(&body)
    })
}

/// Answers connections until the process of the test ends.
fn listen(answer: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let answer = answer.clone();
            // Whoever hangs up has had enough.
            thread::spawn(move || drop(answer(client)));
        }
    });
    address
}

/// Carries bytes both ways until both have said all.
fn join(client: TcpStream, server: TcpStream) -> std::io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let forth = thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = std::io::copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = forth.join();
    Ok(())
}
