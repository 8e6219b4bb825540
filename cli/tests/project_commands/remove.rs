use super::*;

#[test]
fn what_nothing_asks_for_any_more_goes_without_asking_anyone() {
    let project = Project::composing(
        "\"acme:logger\" = \"1\"\n\"wit:mid\" = \"1\" # why\n\"wit:base\" = \"0.2\"",
        "plugs = [\"acme:logger\"]",
    );
    project.ok(&["lock"]);
    let said = project.fails(1, "project::unknown", &["remove", "wit:bass"]);
    assert!(said.contains("did you mean `wit:base`?"), "{said}");
    project.fails(1, "project::unknown", &["remove", "wit:mid", "nonsense"]);
    // The other one still needs it.
    let said = project.ok(&["remove", "wit:base", "--offline"]);
    assert!(said.contains("no longer asks for `wit:base`"), "{said}");
    assert_eq!(
        project.locked(),
        ["acme:logger 1.2.0", "wit:base 0.2.5", "wit:mid 1.1.0"]
    );
    let removed = project.json(&["remove", "wit:mid", "--offline"]);
    assert_eq!(removed["changes"].as_array().unwrap().len(), 2, "{removed}");
    assert_eq!(project.locked(), ["acme:logger 1.2.0"]);
    let said = project.ok(&["remove", "acme:logger", "--offline"]);
    assert!(said.contains("no longer among its `plugs`"), "{said}");
    assert!(project.read("tenon.toml").contains("plugs = []"));
    assert_eq!(project.locked(), [""; 0]);
    assert!(!project.read("tenon.lock").contains("[[registry]]"));
}

#[test]
fn what_still_names_a_removed_package_is_said() {
    let project = Project::new(
        "[dependencies]\n\"acme:app\" = \"1\"\n\"acme:logger\" = \"1\"\n\
         [compose]\nsocket = \"acme:app\"\nwires = [\"acme:app#acme:log/api@1.0.0=acme:logger\"]\n",
    );
    let said = project.ok(&["remove", "acme:app", "acme:logger"]);
    assert!(
        said.contains("warning: `[compose]` still names `acme:app`"),
        "{said}"
    );
    assert!(
        said.contains("warning: `[compose]` still names `acme:logger`"),
        "{said}"
    );
    let said = project.fails(2, "project::manifest", &["build"]);
    assert!(
        said.contains("`acme:app` is to be composed, and is no dependency"),
        "{said}"
    );
}
