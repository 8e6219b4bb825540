//! Worlds in `cases/`, and what is said of them: read a changed expectation before you commit it.

use crate::world::World;
use std::fs;
use std::path::Path;
use tenon_registry_client::resolve::{ConflictKind, solve};

#[test]
fn each_case_comes_to_what_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/resolve/cases");
    let mut wrong = vec![];
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (world, expected) = text.split_once("comes to\n").unwrap();
        let found = answer(&read(world));
        count += 1;
        if found != expected {
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&path, format!("{world}comes to\n{found}")).unwrap();
            }
            wrong.push(format!(
                "{}:\n{found}\ninstead of\n{expected}",
                path.display()
            ));
        }
    }
    assert!(count >= 30, "{count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn read(text: &str) -> World {
    let mut world = World::default();
    let mut section = "";
    for line in text.lines() {
        match (line.strip_prefix("  "), section) {
            (None, _) => section = line,
            (Some(line), "there is") => world.there_is(line),
            (Some(line), "asked") => world.asks(line),
            (Some(line), "wished") => world.wishes(line),
            (Some(_), other) => panic!("{other}"),
        }
    }
    world
}

fn answer(world: &World) -> String {
    let lines: Vec<String> = match solve(&world.universe, &world.asked, &world.wishes) {
        Ok(solution) => {
            let of = |(name, versions): (&_, &std::collections::BTreeSet<_>)| {
                let versions = versions.iter().map(|version| format!("{name} {version}"));
                versions.collect::<Vec<_>>()
            };
            solution.chosen.iter().flat_map(of).collect()
        }
        Err(conflict) => {
            assert_eq!(conflict.kind(), ConflictKind::Unsolvable);
            assert_eq!(conflict.to_string(), conflict.lines().join("\n"));
            let lines = conflict.lines().iter().map(|line| format!("! {line}"));
            let hints = conflict.hints().iter().map(|hint| format!("hint: {hint}"));
            let names: Vec<_> = conflict
                .packages()
                .iter()
                .map(ToString::to_string)
                .collect();
            let about = format!("about: {}", names.join(", "));
            lines.chain(hints).chain([about]).collect()
        }
    };
    lines.iter().map(|line| format!("  {line}\n")).collect()
}
