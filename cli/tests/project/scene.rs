//! Shops, and what happens to them.

use crate::place::{Place, Said};
use crate::server::{Reply, Server};
use crate::shop::{Shop, component};
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// A registry with a release of what the shop needs, and with others that can be added.
pub(crate) fn serving() -> Server {
    let server = Server::start();
    let mut world = server.world();
    world.publish_http("1.0.0");
    for name in ["log", "zoo"] {
        let bytes = component(name, &[], &[name]);
        world.publish(&format!("acme:{name}"), "1.0.0", &bytes);
    }
    drop(world);
    server
}

/// A shop in which nothing is locked.
pub(crate) fn new() -> Shop {
    Shop::new(Place::of(serving()))
}

/// A shop that is locked and built.
pub(crate) fn built() -> Shop {
    let shop = new();
    shop.ok(&["build"]);
    shop
}

/// Has every answer changed.
pub(crate) fn tell(server: &Server, lie: impl FnMut(&str, &mut Reply) + Send + 'static) {
    server.world().lie = Some(Box::new(lie));
}

/// Has the address of the registry be one where nobody listens, or the right one again.
pub(crate) fn reach(shop: &Shop, base: &str) {
    let path = shop.place.at("config/config.toml");
    let config = fs::read_to_string(&path).unwrap();
    let from = config.find("http://127.0.0.1:").unwrap();
    let to = from + config[from..].find('"').unwrap();
    fs::write(&path, format!("{}{base}{}", &config[..from], &config[to..])).unwrap();
}

/// An address where nobody listens.
pub(crate) fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

/// Whether there are namespaces of this kind here, for who asks; says so if not.
pub(crate) fn can_unshare(flags: &str) -> bool {
    let tried = Command::new("unshare")
        .args([flags, "true"])
        .stdin(Stdio::null())
        .output();
    let why = match tried {
        Ok(output) if output.status.success() => return true,
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => error.to_string(),
    };
    eprintln!("this could not be tested in a namespace: `unshare {flags}`: {why}");
    false
}

/// A command of the shop, run by another: `sh`, or `unshare`.
pub(crate) fn by(shop: &Shop, program: &str, before: &[&str], words: &[&str]) -> Said {
    let command = shop.tenon(words);
    let mut outer = Command::new(program);
    outer
        .args(before)
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer.current_dir(command.get_current_dir().unwrap());
    Said::of(outer.output().unwrap())
}

/// That the files of the project are whole, and nothing else is there that is seen.
pub(crate) fn is_whole(shop: &Shop) {
    for name in ["tenon.toml", "tenon.lock"] {
        if shop.at(name).exists() {
            let parsed: Result<toml::Table, _> = shop.read(name).parse();
            assert!(parsed.is_ok(), "{name}: {}", shop.read(name));
        }
    }
    for entry in fs::read_dir(shop.at("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let known = [
            "tenon.toml",
            "tenon.lock",
            "app.wasm",
            "build",
            ".git",
            ".gitignore",
        ];
        assert!(
            known.contains(&name.as_str()) || name.starts_with(".tenon-"),
            "{name}"
        );
    }
}
