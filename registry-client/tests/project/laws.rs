//! Edits of manifests that nobody thought of: the change is made, and nothing else is.

use proptest::prelude::*;
use tenon_registry_client::project::{Dependency, Manifest, ManifestEdit, Subject, new_manifest};

/// How one dependency can be written in a table with a header.
fn entry(name: &str, shape: usize) -> String {
    match shape % 5 {
        0 => format!("\"{name}\" = \"^1\""),
        1 => format!("'{name}'={{ path = './{name}' }}"),
        2 => format!("\"{name}\" . version = '1'"),
        3 => format!("  \"{name}\"   = {{version = \">=1, <2\"}}\t"),
        _ => format!("\"{name}\".path = \"x\""),
    }
}

fn comment(shape: usize) -> &'static str {
    ["", "# about it\n", "\n", "\n# apart\n\n", "# a = \"b\"\n"][shape % 5]
}

/// How the dependencies as a whole can be written.
fn dependencies(names: &[(&str, usize)], shape: usize) -> String {
    let lines = |prefix: &str, beside: &str| -> String {
        let lines = names.iter().map(|(name, shape)| {
            let line = entry(name, *shape);
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            format!("{}{indent}{prefix}{rest}{beside}\n", comment(shape / 5))
        });
        lines.collect()
    };
    match shape % 5 {
        0 => format!("[dependencies] # all\n{}", lines("", " # beside")),
        1 => lines("dependencies.", ""),
        2 => {
            let entries = names.iter().map(|(name, shape)| entry(name, *shape));
            let entries = entries.collect::<Vec<_>>().join(", ");
            format!("dependencies = {{ {entries} }} # all\n")
        }
        3 => {
            let tables = names.iter().map(|(name, shape)| {
                let comment = comment(shape / 5);
                format!("{comment}[dependencies.\"{name}\"]\n# in it\nversion = \"1\" # beside\n\n")
            });
            tables.collect()
        }
        _ => String::new(),
    }
}

const NAMES: [&str; 5] = ["a:a", "a:b", "b-b:a", "b:a", "z:z"];

fn manifest() -> impl Strategy<Value = String> {
    let names = proptest::sample::subsequence(NAMES.to_vec(), 0..=4).prop_shuffle();
    let shapes = proptest::collection::vec(0..25usize, 4);
    let plugs = proptest::collection::vec((0..5usize, 0..5usize), 0..4);
    (names, shapes, 0..5usize, plugs, any::<[bool; 5]>()).prop_map(
        |(names, shapes, shape, plugs, [package, before, crlf, end, lines])| {
            let names: Vec<_> = names.into_iter().zip(shapes).collect();
            let dependencies = dependencies(&names, shape);
            let package = if package {
                "[package] # p\nname = \"a:self\"\n# version\n\n"
            } else {
                ""
            };
            let plugs: String = plugs
                .into_iter()
                .map(|(name, shape)| match lines {
                    true => format!("\n{}  '{}', # beside", comment(shape), NAMES[name]),
                    false => format!("\"{}\",", NAMES[name]),
                })
                .collect();
            let gap = if lines { "\n" } else { "" };
            let compose = format!(
                "# what\n[compose]\nsocket = \"s\"\nplugs = [{plugs}{gap}] # plugs\n# end\n"
            );
            // What has no header has to come first.
            let text = match (shape, before) {
                (1 | 2, _) => format!("{dependencies}{package}{compose}"),
                (_, true) => format!("{package}{dependencies}{compose}"),
                (_, false) => format!("{package}{compose}{dependencies}"),
            };
            let text = if end {
                text
            } else {
                text.trim_end().to_owned()
            };
            if crlf {
                text.replace('\n', "\r\n")
            } else {
                text
            }
        },
    )
}

/// The lines of a text that are comments, with what is before a comment on its line left out.
fn comments(text: &str) -> Vec<&str> {
    let comments = text
        .lines()
        .filter_map(|line| line.find('#').map(|at| &line[at..]));
    comments.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_edit_changes_what_it_says_and_nothing_else(
        text in manifest(),
        name in proptest::sample::select(NAMES.to_vec()),
        path in any::<bool>(),
    ) {
        let before = Manifest::parse(&text).unwrap();
        let package = name.parse().unwrap();
        let dependency = match path {
            true => Dependency::Path("../\"it\"".into()),
            false => Dependency::Registry("^2.3".parse().unwrap()),
        };
        let mut edit = ManifestEdit::parse(&text).unwrap();
        prop_assert_eq!(edit.to_string(), &*text);
        edit.set_dependency(&package, &dependency).unwrap();
        let set = edit.to_string();
        let mut wanted = before.clone();
        wanted.dependencies.insert(package.clone(), dependency);
        prop_assert_eq!(&Manifest::parse(&set).unwrap(), &wanted);
        prop_assert_eq!(comments(&set), comments(&text));
        if !before.dependencies.contains_key(&package) {
            // Taken away again, it leaves what was there, but for the table and the last line's end.
            prop_assert!(edit.remove_dependency(&package).unwrap());
            prop_assert_eq!(edit.manifest(), &before);
        }
        let mut edit = ManifestEdit::parse(&text).unwrap();
        let there = edit.remove_dependency(&package).unwrap();
        prop_assert_eq!(there, before.dependencies.contains_key(&package));
        wanted.dependencies.remove(&package);
        let removed = edit.to_string();
        prop_assert_eq!(&Manifest::parse(&removed).unwrap(), &wanted);
        // What is left is what was there, in its order.
        let mut lines = text.lines();
        for line in removed.lines().filter(|line| !line.starts_with("dependencies =")) {
            prop_assert!(lines.any(|other| other == line), "{line} in {removed}");
        }
    }

    #[test]
    fn plugs_come_and_go(text in manifest(), name in proptest::sample::select(NAMES.to_vec())) {
        let plugs = |manifest: &Manifest| match &manifest.compose.as_ref().unwrap().what {
            Subject::Plug { plugs, .. } => plugs.clone().unwrap(),
            Subject::File(_) => unreachable!(),
        };
        let mut wanted = plugs(&Manifest::parse(&text).unwrap());
        let mut edit = ManifestEdit::parse(&text).unwrap();
        let there = wanted.iter().any(|plug| plug == name);
        prop_assert_eq!(edit.add_plug(name).unwrap(), !there);
        if !there {
            wanted.push(name.to_owned());
        }
        let added = edit.to_string();
        prop_assert_eq!(plugs(&Manifest::parse(&added).unwrap()), &*wanted);
        prop_assert_eq!(comments(&added), comments(&text));
        prop_assert!(edit.remove_plug(name).unwrap());
        wanted.retain(|plug| plug != name);
        prop_assert_eq!(plugs(&Manifest::parse(&edit.to_string()).unwrap()), wanted);
    }

    #[test]
    fn a_manifest_written_anew_says_the_same(text in manifest()) {
        let manifest = Manifest::parse(&text).unwrap();
        prop_assert_eq!(Manifest::parse(&new_manifest(&manifest)).unwrap(), manifest);
    }
}
