//! Two registries, and two witnesses that cosign both.

use crate::process::{Process, Registry, binary, operator};
use crate::proxy::Proxy;
use crate::user::User;
use std::fs;
use std::path::{Path, PathBuf};
use tenon_tests::example::folder;

/// A witness of logs: its process, where it can be asked, and its key.
struct Witness {
    process: Process,
    proxy: Proxy,
    vkey: String,
}

impl Witness {
    fn start(data: &Path, name: &str, pins: &[String]) -> Witness {
        let mut command = binary("tenon-registry");
        command.arg("--data").arg(data).args([
            "witness",
            "--listen",
            "127.0.0.1:0",
            "--name",
            name,
        ]);
        for pin in pins {
            command.args(["--log", pin]);
        }
        let process = Process::start(&mut command, &data.with_extension("log"));
        let vkey = process.said.lines().nth(1).unwrap().trim().to_owned();
        let proxy = Proxy::to(process.address());
        Witness {
            process,
            proxy,
            vkey,
        }
    }

    /// What the configuration of a registry has of it.
    fn config(&self) -> String {
        let Witness { proxy, vkey, .. } = self;
        format!(
            "[[witness]]\nurl = \"http://{}\"\nvkey = \"{vkey}\"\n",
            proxy.address
        )
    }
}

#[test]
fn two_registries_are_witnessed_by_each_others_operators() {
    let dir = tempfile::tempdir().unwrap();
    let data = |name: &str| -> PathBuf { dir.path().join(name) };
    let names = ["north", "south"];
    let pins = names.map(|name| {
        let made = operator(&data(name), &["init"]);
        let pin = made.lines().find_map(|line| line.strip_prefix("pin: "));
        let token = made
            .lines()
            .find_map(|line| line.split_once("once: "))
            .unwrap()
            .1;
        (pin.unwrap().to_owned(), token.to_owned())
    });
    // Each operator runs a witness beside the registry.
    let logs = pins.each_ref().map(|(pin, _)| pin.clone());
    let witnesses = names.map(|name| {
        let witness = format!("{name}-witness");
        Witness::start(&data(&witness), &format!("{name}.example"), &logs)
    });
    let mut config: String = witnesses.iter().map(Witness::config).collect();
    config.push_str("[cosigning]\npatience-seconds = 1\n");
    for name in names {
        fs::write(data(name).join("config.toml"), &config).unwrap();
    }
    let registries = names.map(|name| Registry::serve(&data(name)));

    let [north, south] = &witnesses;
    let policy = format!(
        "witness north {}\nwitness south {}\ngroup both 2 north south\nquorum both\n",
        north.vkey, south.vkey
    );
    let file = folder().join("logger/clock.wat");
    let users = [0, 1].map(|at| {
        let user = User::new();
        fs::write(user.at("policy"), &policy).unwrap();
        let (pin, token) = &pins[at];
        let url = registries[at].url();
        user.ok(&[
            "registry",
            "add",
            "local",
            &url,
            pin,
            "--default",
            "--policy",
            "policy",
        ]);
        let login = user.shell(&format!("echo {token} | tenon login local --token-stdin"));
        assert!(login.status.success());
        user.ok(&["key", "generate", "acme/alice"]);
        // What was logged before there were witnesses is cosigned once the registry runs.
        user.soon(&["log", "show"]);
        user.ok(&["namespace", "create", "acme", "--yes"]);
        user.publish(&file, "acme:clock", "1.0.0");
        let verified = user.ok(&["verify", "acme:clock@1.0.0"]);
        assert!(
            verified.contains("2 of 2 witnesses agree: `north`, `south`"),
            "{verified}"
        );
        assert!(
            verified.contains("(e) fresh       witnesses saw it at 20"),
            "{verified}"
        );
        user
    });

    // One of them is away: the registry publishes, and says so; who asks for both refuses.
    south.proxy.turn(None);
    let user = &users[0];
    let file = file.to_str().unwrap();
    let publish = [
        "publish",
        file,
        "--package",
        "acme:clock",
        "--version",
        "1.1.0",
        "--yes",
    ];
    let published = user.ok(&publish);
    let unknown = "whether its 2 witnesses agree is not known yet";
    assert!(published.contains(unknown), "{published}");
    user.fails(3, "verify::quorum", &["get", "acme:clock@1.1.0"]);
    assert!(!user.at("acme-clock-1.1.0.wasm").exists());
    // It is back, and is asked again.
    south.proxy.turn(Some(south.process.address()));
    user.soon(&["get", "acme:clock@1.1.0"]);
    user.ok(&["log", "monitor", "--once"]);
}
