use super::*;

#[test]
fn one_or_all_are_updated_or_shown() {
    let project = Project::new("");
    project.ok(&["add", "acme:logger@1.0.0", "wit:mid@1.0.0"]);
    assert_eq!(
        project.locked(),
        ["acme:logger 1.0.0", "wit:base 0.2.5", "wit:mid 1.0.0"]
    );
    let before = project.files();
    let said = project.ok(&["update", "--dry-run"]);
    assert!(said.contains("acme:logger 1.0.0 -> 1.2.0"), "{said}");
    let shown = project.json(&["update", "--dry-run"]);
    assert_eq!(shown["dry_run"], true);
    assert_eq!(shown["changes"].as_array().unwrap().len(), 2);
    assert_eq!(project.files(), before);
    project.ok(&["update", "wit:mid"]);
    assert_eq!(
        project.locked(),
        ["acme:logger 1.0.0", "wit:base 0.2.5", "wit:mid 1.1.0"]
    );
    project.ok(&["update"]);
    assert_eq!(
        project.locked(),
        ["acme:logger 1.2.0", "wit:base 0.2.5", "wit:mid 1.1.0"]
    );
    for words in [&["update"][..], &["update", "--dry-run"]] {
        let said = project.ok(words);
        assert!(
            said.contains("nothing newer is let in by what is asked"),
            "{said}"
        );
    }
    project.fails(2, "cli::usage", &["update", "--locked"]);
}

#[test]
fn a_version_is_taken_precisely_or_it_is_said_why_not() {
    let project = Project::new("[dependencies]\n\"acme:logger\" = \"1\"\n\"wit:mid\" = \"1\"\n");
    project.ok(&["lock"]);
    let precise = |name, version| ["update", name, "--precise", version];
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        let said = project.ok(&precise("acme:logger", version));
        assert_eq!(said.contains("is yanked"), version == "1.1.0", "{said}");
        assert_eq!(project.locked()[0], format!("acme:logger {version}"));
        let said = project.ok(&precise("acme:logger", version));
        let already = format!("`acme:logger` is {version} already");
        assert!(said.contains(&already), "{said}");
        project.ok(&["lock", "--locked"]);
    }
    // Of something that others need, too.
    project.ok(&precise("wit:base", "0.2.3"));
    assert_eq!(project.locked()[1], "wit:base 0.2.3");
    project.fails(1, "project::precise", &precise("wit:mid", "1.7.0"));
    let said = project.fails(1, "project::precise", &precise("acme:logger", "2.0.0"));
    assert!(said.contains("met by 1.2.0, on another track"), "{said}");
    assert!(said.contains("`tenon add acme:logger@2.0.0`"), "{said}");
    let said = project.fails(1, "project::precise", &precise("acme:logger", "7.0.0"));
    assert!(said.contains("there is no such version"), "{said}");
    project.write("tenon.toml", "[dependencies]\n\"acme:logger\" = \"^1.2\"\n");
    project.ok(&["lock"]);
    let said = project.fails(1, "project::conflict", &precise("acme:logger", "1.0.0"));
    assert!(said.contains("asks for `acme:logger ^1.2`"), "{said}");
    project.fails(2, "cli::usage", &precise("acme:logger", "one"));
    let said = project.fails(1, "project::unknown", &["update", "acme:loger"]);
    assert!(said.contains("did you mean `acme:logger`?"), "{said}");
    project.write("tenon.toml", "[dependencies]\n\"acme:logger\" = \"1\"\n\"acme:other\" = \"1\"\n\"acme:x\" = { path = \"x\" }\n");
    let said = project.fails(1, "project::unknown", &["update", "acme:other"]);
    assert!(said.contains("run `tenon lock`"), "{said}");
    let said = project.fails(1, "project::unknown", &["update", "acme:x"]);
    assert!(said.contains("has it at `x`"), "{said}");
}

#[test]
fn a_yanked_version_that_is_all_there_is_is_taken_precisely_where_nothing_is_locked() {
    let project = Project::new("[dependencies]\n\"acme:logger\" = \"~1.1\"\n");
    let said = project.fails(1, "project::conflict", &["lock"]);
    assert!(
        said.contains("`tenon update acme:logger --precise 1.1.0`"),
        "{said}"
    );
    let precise = |name| ["update", name, "--precise", "1.1.0"];
    let said = project.fails(1, "project::precise", &precise("acme:loger"));
    assert!(said.contains("nothing asks for it"), "{said}");
    let said = project.ok(&precise("acme:logger"));
    assert!(said.contains("is yanked"), "{said}");
    assert_eq!(project.locked(), ["acme:logger 1.1.0"]);
    project.ok(&["lock", "--locked"]);
    // With a lock file that does not have it yet.
    project.write("tenon.toml", "[dependencies]\n\"acme:other\" = \"1\"\n");
    project.ok(&["lock"]);
    project.write(
        "tenon.toml",
        "[dependencies]\n\"acme:logger\" = \"~1.1\"\n\"acme:other\" = \"1\"\n",
    );
    project.ok(&precise("acme:logger"));
    assert_eq!(project.locked(), ["acme:logger 1.1.0", "acme:other 1.0.0"]);
    let said = project.fails(1, "project::unknown", &precise("acme:loger"));
    assert!(said.contains("did you mean `acme:logger`?"), "{said}");
}
