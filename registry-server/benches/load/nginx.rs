//! `nginx` with the same files, as a baseline.

use crate::wire::Wire;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One worker, as the process that is measured; ended when this is dropped.
pub(crate) struct Nginx {
    master: Child,
    pub(crate) worker: u32,
    pub(crate) address: SocketAddr,
}

impl Nginx {
    /// Serves a directory; `None` if there is no `nginx`.
    pub(crate) fn start(root: &Path, prefix: &Path) -> Option<Nginx> {
        Command::new("nginx")
            .arg("-v")
            .stderr(Stdio::null())
            .status()
            .ok()?;
        std::fs::create_dir_all(prefix).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let (place, root) = (prefix.display(), root.display());
        let config = format!(
            "daemon off; worker_processes 1; user root; pid {place}/pid; error_log {place}/error.log;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=1000;\n\
             client_body_temp_path {place}/1; proxy_temp_path {place}/2; fastcgi_temp_path {place}/3;\n\
             uwsgi_temp_path {place}/4; scgi_temp_path {place}/5; default_type application/octet-stream;\n\
             server {{ listen {address}; root {root}; etag on; }} }}\n"
        );
        let file = prefix.join("nginx.conf");
        std::fs::write(&file, config).unwrap();
        let mut nginx = Command::new("nginx");
        nginx
            .arg("-p")
            .arg(prefix)
            .arg("-c")
            .arg(&file)
            .stderr(Stdio::null());
        let master = nginx.spawn().unwrap();
        let begun = Instant::now();
        while Wire::open(address, Duration::from_secs(5)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(5),
                "nginx does not listen"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let children = format!("/proc/{0}/task/{0}/children", master.id());
        let children = std::fs::read_to_string(children).unwrap();
        let worker = children.split_whitespace().next().unwrap().parse().unwrap();
        Some(Nginx {
            master,
            worker,
            address,
        })
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let master = rustix::process::Pid::from_child(&self.master);
        let _ = rustix::process::kill_process(master, rustix::process::Signal::TERM);
        let _ = self.master.wait();
    }
}
