//! A manifest that is written anew.

use super::manifest::{About, Compose, Dependency, Manifest, Subject, WitFolder};
use super::quoted::Quoted;
use std::fmt::{Display, Write};
use std::path::Path;

/// The text of a manifest, with a word or two of help where there is nothing yet. It reads as the
/// manifest that it was made from.
pub fn new_manifest(manifest: &Manifest) -> String {
    let Manifest {
        package,
        dependencies,
        compose,
        wit,
    } = manifest;
    let mut text = String::new();
    if let Some(about) = package {
        text.push_str("[package]\n");
        write_about(&mut text, about);
        text.push('\n');
    }
    text.push_str(
        "# Components and WIT packages alike; `tenon add wasi:http` writes a line here.\n",
    );
    text.push_str("[dependencies]\n");
    for (name, dependency) in dependencies {
        line(&mut text, Quoted(&name.to_string()), entry(dependency));
    }
    match compose {
        Some(compose) => {
            text.push_str("\n[compose]\n");
            write_compose(&mut text, compose);
        }
        None => text.push_str(
            "\n# What `tenon build` composes: the imports of the socket are filled by the dependencies.\n\
             # [compose]\n# socket = \"./app.wasm\"\n\
             # or a document in WAC: file = \"./shop.wac\"\n",
        ),
    }
    if *wit != WitFolder::default() {
        text.push_str("\n[wit]\n");
        line(&mut text, "dir", path(&wit.dir));
    }
    text
}

/// The value of a dependency.
pub(super) fn entry(dependency: &Dependency) -> String {
    match dependency {
        Dependency::Registry(requirement) => Quoted(&requirement.to_string()).to_string(),
        Dependency::Path(from) => format!("{{ path = {} }}", path(from)),
    }
}

/// A path as a value.
pub(super) fn path(path: &Path) -> String {
    Quoted(&path.to_string_lossy()).to_string()
}

fn write_about(text: &mut String, about: &About) {
    line(text, "name", Quoted(&about.name.to_string()));
    if let Some(version) = &about.version {
        line(text, "version", Quoted(&version.to_string()));
    }
    for (key, value) in [
        ("description", &about.description),
        ("authors", &about.authors),
        ("licenses", &about.licenses),
        ("homepage", &about.homepage),
        ("source", &about.source),
    ] {
        if let Some(value) = value {
            line(text, key, Quoted(value));
        }
    }
}

fn write_compose(text: &mut String, compose: &Compose) {
    match &compose.what {
        Subject::File(file) => line(text, "file", path(file)),
        Subject::Plug { sockets, plugs } => {
            match &**sockets {
                [socket] => line(text, "socket", Quoted(socket)),
                sockets => line(text, "sockets", list(sockets)),
            }
            if let Some(plugs) = plugs {
                line(text, "plugs", list(plugs));
            }
        }
    }
    for (key, values) in [
        ("chains", &compose.chains),
        ("wires", &compose.wires),
        ("prefer", &compose.prefer),
        ("keep-imports", &compose.keep_imports),
        ("exports", &compose.exports),
        ("renames", &compose.renames),
    ] {
        if !values.is_empty() {
            line(text, key, list(values));
        }
    }
    for (key, value) in [
        ("versions", &compose.versions),
        ("dedupe", &compose.dedupe),
        ("name", &compose.name),
    ] {
        if let Some(value) = value {
            line(text, key, Quoted(value));
        }
    }
    if compose.strict {
        line(text, "strict", true);
    }
    if let Some(output) = &compose.output {
        line(text, "output", path(output));
    }
}

fn line(text: &mut String, key: impl Display, value: impl Display) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "{key} = {value}");
}

fn list(values: &[String]) -> String {
    let quoted: Vec<String> = values.iter().map(|it| Quoted(it).to_string()).collect();
    format!("[{}]", quoted.join(", "))
}
