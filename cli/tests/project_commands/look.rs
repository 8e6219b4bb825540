use super::*;

#[test]
fn a_tree_says_who_needs_what() {
    let project = Project::new(
        "[package]\nname = \"acme:shop\"\nversion = \"0.1.0\"\n[dependencies]\n\"acme:late\" = \"1\"\n\
         \"wit:mid\" = \"1\"\n\"wit:new\" = \"1\"\n\"acme:x\" = { path = \"x.wat\" }\n",
    );
    project.write(
        "x.wat",
        &packages::component(&["wit:base/things@0.2.3"], &[]),
    );
    for command in [&["tree"][..], &["why", "wit:mid"], &["outdated"]] {
        let said = project.fails(1, "project::locked", command);
        assert!(
            said.contains("there is no `tenon.lock`") && said.contains("help: run `tenon lock`"),
            "{said}"
        );
    }
    project.ok(&["lock"]);
    assert_eq!(
        project.prints(&["tree"]),
        "acme:shop 0.1.0\n\
         ├── acme:late 1.0.0\n\
         ├── wit:mid 1.1.0 (WIT)\n\
         │   └── wit:base 0.2.5 (WIT)\n\
         ├── wit:new 1.0.0 (WIT)\n\
         │   └── wit:base 0.3.0 (WIT)\n\
         └── acme:x (x.wat)\n"
    );
    assert_eq!(
        project.prints(&["tree", "--invert"]),
        "acme:late 1.0.0\n\
         └── tenon.toml needs ^1\n\
         wit:base 0.2.5 (WIT)\n\
         ├── x.wat fits ^0.2.3\n\
         ├── acme:late 1.0.0 fits ^0.2.5\n\
         └── wit:mid 1.1.0 needs ^0.2.3\n\
         wit:base 0.3.0 (WIT)\n\
         └── wit:new 1.0.0 needs ^0.3.0\n\
         wit:mid 1.1.0 (WIT)\n\
         └── tenon.toml needs ^1\n\
         wit:new 1.0.0 (WIT)\n\
         └── tenon.toml needs ^1\n"
    );
    let tree = project.json(&["tree"]);
    assert_eq!(tree["schema"], "tenon/tree/1");
    assert_eq!(tree["local"]["acme:x"], "x.wat");
    assert_eq!(tree["packages"].as_array().unwrap().len(), 5);
    assert_eq!(
        project.prints(&["why", "wit:base"]),
        "wit:base 0.2.5\n  tenon.toml asks for `wit:mid ^1`, which is 1.1.0; that needs `wit:base ^0.2.3`, which is 0.2.5\n  \
         x.wat fits `wit:base ^0.2.3`\n  acme:late@1.0.0 fits `wit:base ^0.2.5`\n\
         wit:base 0.3.0\n  tenon.toml asks for `wit:new ^1`, which is 1.0.0; that needs `wit:base ^0.3.0`, which is 0.3.0\n"
    );
    let why = project.json(&["why", "wit:base"]);
    assert_eq!(why["versions"].as_array().unwrap().len(), 2);
    let said = project.fails(1, "project::unknown", &["why", "acme:x"]);
    assert!(said.contains("has it at `x.wat`"), "{said}");

    project.write("tenon.toml", "[dependencies]\n\"wit:mid\" = \"1\"\n");
    let said = project.fails(1, "project::locked", &["tree"]);
    assert!(said.contains("for which nothing asks any more"), "{said}");
}

#[test]
fn what_is_outdated_is_listed() {
    let project = Project::new("");
    let said = project.ok(&["outdated", "--exit-code"]);
    assert!(said.contains("nothing is locked"), "{said}");
    project.ok(&["add", "acme:other"]);
    let said = project.ok(&["outdated", "--exit-code"]);
    assert!(said.contains("the newest there is"), "{said}");
    let said = project.fails(2, "cli::usage", &["why", "acme:other@1.0.0"]);
    assert!(
        said.contains("`tenon why acme:other` says it of every version"),
        "{said}"
    );
    project.ok(&[
        "add",
        "acme:logger@1.1.0",
        "wit:mid",
        "wit:new",
        "acme:other",
    ]);
    let listed = project.prints(&["outdated"]);
    let mut lines = listed
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(lines.next().unwrap(), "package locked compatible latest");
    // Both tracks of `wit:base` are at their newest.
    assert_eq!(
        lines.next().unwrap(),
        "acme:logger 1.1.0 1.2.0 2.0.0 yanked: mistake"
    );
    assert_eq!(lines.next(), None);
    let output = project.run_in("", &["outdated", "--exit-code", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    project.ok(&["add", "acme:logger@2"]);
    assert_eq!(
        project.json(&["outdated"])["packages"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    project.ok(&["add", "acme:logger@2.1.0-rc.1"]);
    assert_eq!(
        project.json(&["outdated"])["packages"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}
