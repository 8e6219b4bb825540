//! `podman` and `buildah`, before a registry of ours: one library speaks to registries for both, by other commands than
//! `skopeo` has.

use crate::house::{House, noise};
use crate::layout::{Layout, tar};
use crate::program::{find, printed, refused, say};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

struct Pods {
    program: PathBuf,
    house: House,
}

impl Pods {
    /// The program, if it is here, and can keep images for whoever runs this.
    fn find(name: &str, variable: &str) -> Option<Pods> {
        let program = find(name, variable)?;
        let house = House::open();
        let home = house.folder("home");
        let settings = home.join(".config/containers");
        fs::create_dir_all(&settings).unwrap();
        let anything = r#"{ "default": [{ "type": "insecureAcceptAnything" }] }"#;
        fs::write(settings.join("policy.json"), anything).unwrap();
        fs::write(settings.join("registries.conf"), "").unwrap();
        fs::write(home.join("auth.json"), "{}").unwrap();
        let pods = Pods { program, house };
        let tried = pods.command(&["images"]).stdin(Stdio::null()).output();
        let tried = tried.unwrap();
        if tried.status.success() {
            return Some(pods);
        }
        let said = String::from_utf8_lossy(&tried.stderr).into_owned();
        say!("NOT RUN: what `{name}` sees, because it cannot keep images here: {said}");
        None
    }

    fn command(&self, words: &[&str]) -> Command {
        let home = self.house.folder("home");
        let mut command = Command::new(&self.program);
        for (option, folder) in [("--root", "images"), ("--runroot", "run")] {
            command.arg(option).arg(self.house.folder(folder));
        }
        // It needs nothing of the kernel.
        command.args(["--storage-driver", "vfs"]);
        command.args(words);
        command.env("HOME", &home).env("TMPDIR", &home);
        command.current_dir(home.join(".."));
        command.env("REGISTRY_AUTH_FILE", home.join("auth.json"));
        let settings = home.join(".config/containers/registries.conf");
        command.env("CONTAINERS_REGISTRIES_CONF", settings);
        for variable in [
            "XDG_RUNTIME_DIR",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "DOCKER_CONFIG",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// The same, of a command that speaks to the registry.
    fn remote(&self, words: &[&str], rest: &[&str]) -> Command {
        let mut all = words.to_vec();
        all.push("--tls-verify=false");
        all.extend(rest);
        self.command(&all)
    }

    fn at(&self, place: &str) -> String {
        format!("docker://{}/{place}", self.house.host())
    }

    fn login(&self, token: &str) -> Command {
        let host = self.house.host();
        self.remote(&["login"], &["-u", "me", "-p", token, &host])
    }

    fn push(&self, image: &str, place: &str) -> Command {
        self.remote(&["push"], &[image, &self.at(place)])
    }

    /// Takes an image, and says which it is: that of the configuration with this digest.
    fn pull(&self, from: &str, options: &[&str]) -> String {
        let mut words = vec!["-q"];
        words.extend(options);
        words.push(from);
        printed(&mut self.remote(&["pull"], &words))
            .trim()
            .to_owned()
    }
}

fn images_are_pushed_and_pulled(pods: &Pods) {
    let mut layout = Layout::new(&pods.house.folder("layout"));
    let layer = |seed, length| tar(&[("noise", &noise(seed, length))]);
    let both = layer(1, 9_000);
    for (seed, architecture) in [(2, "amd64"), (3, "arm64")] {
        let image = layout.image(architecture, &[&both, &layer(seed, 300_000)]);
        layout.name(architecture, image);
    }
    // It makes a name of the path, in which there must be no capitals.
    let from = |name: &str| format!("oci:layout:{name}");
    let one = pods.pull(&from("amd64"), &[]);
    let other = pods.pull(&from("arm64"), &["--platform", "linux/arm64"]);

    let said = refused(&mut pods.login("nonsense"));
    assert!(said.contains("invalid username/password"), "{said}");
    let said = refused(&mut pods.push(&one, "acme/image:no"));
    assert!(
        said.contains("unauthorized: to push or delete takes a token"),
        "{said}"
    );
    printed(&mut pods.login(&pods.house.token));
    // The second time, all of it is there.
    for _ in 0..2 {
        printed(&mut pods.push(&one, "acme/image:amd64"));
    }
    printed(&mut pods.push(&other, "acme/image:arm64"));
    let words = ["--format", "v2s2", &one, &pods.at("acme/image:docker")];
    printed(&mut pods.remote(&["push"], &words));
    // What one repository has, another one mounts.
    printed(&mut pods.push(&one, "tools/images/one:1.0.0"));
    let asked = pods.house.asked("/v2/tools/images/one/blobs/uploads/");
    let mounted = asked
        .iter()
        .filter(|(method, _, status)| method == "POST" && *status == 201);
    assert_eq!(mounted.count(), 2, "{asked:?}");

    printed(&mut pods.command(&["manifest", "create", "both"]));
    for tag in ["amd64", "arm64"] {
        let place = pods.at(&format!("acme/image:{tag}"));
        printed(&mut pods.remote(&["manifest", "add"], &["both", &place]));
    }
    let words = ["--all", "both", &pods.at("acme/image:both")];
    printed(&mut pods.remote(&["manifest", "push"], &words));

    // A version is a component, which an image is not: that is said once, and no other form is tried.
    let said = refused(&mut pods.push(&one, "acme/image:1.0.0"));
    assert_eq!(
        said.matches("a version of a package is").count(),
        1,
        "{said}"
    );

    printed(&mut pods.command(&["logout", &pods.house.host()]));
    printed(&mut pods.command(&["rmi", "-a", "-f"]));
    for (tag, platform, image) in [
        ("amd64", "linux/amd64", &one),
        ("docker", "linux/amd64", &one),
        ("both", "linux/amd64", &one),
        ("both", "linux/arm64", &other),
    ] {
        let place = pods.at(&format!("acme/image:{tag}"));
        let pulled = pods.pull(&place, &["--platform", platform]);
        assert_eq!(pulled, *image, "{tag} for {platform}");
    }
    let broken = |(_, _, status): &(String, String, u64)| *status >= 500;
    assert!(!pods.house.asked("/v2/").iter().any(broken));
    // The images of the test go before its folder.
    printed(&mut pods.command(&["rmi", "-a", "-f"]));
}

#[test]
fn podman_pushes_and_pulls_images() {
    if let Some(pods) = Pods::find("podman", "TENON_PODMAN") {
        images_are_pushed_and_pulled(&pods);
    }
}

#[test]
fn buildah_pushes_and_pulls_images() {
    if let Some(pods) = Pods::find("buildah", "TENON_BUILDAH") {
        images_are_pushed_and_pulled(&pods);
    }
}
