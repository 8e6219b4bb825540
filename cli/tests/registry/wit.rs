use super::*;

#[test]
fn what_is_built_is_what_is_published() {
    let server = Server::start();
    let user = User::with_namespace(&server, "acme");
    user.write(
        "wit/types.wit",
        "package acme:kit@0.3.0;\ninterface types { use dep:base/things@1.0.0.{thing}; get: func() -> thing;\n@unstable(feature = more)\nmore: func(); }\n",
    );
    user.write(
        "wit/deps/base.wit",
        "package dep:base@1.0.0;\ninterface things { record thing { n: u32 } }\n",
    );
    let built = user.json(&["wit", "build"]);
    let said = user.ok(&["publish", "acme-kit-0.3.0.wasm", "--yes"]);
    assert!(said.contains("to publish acme:kit@0.3.0"), "{said}");
    let found = user.json(&["info", "acme:kit@0.3.0"]);
    assert!(
        found
            .to_string()
            .contains(built["digest"].as_str().unwrap()),
        "{found}"
    );
    assert!(found.to_string().contains("dep:base"), "{found}");

    // The text is the same release, however it is named.
    for path in ["wit", "wit/types.wit"] {
        let said = user.json(&["publish", path, "--yes"]);
        assert_eq!(said["state"], "published-before", "{said}");
    }
    let diff = user.json(&["diff", "acme:kit@0.3.0", "wit"]);
    assert_eq!(diff["verdict"], "identical", "{diff}");
    let printed = user.tenon(&["wit", "acme:kit@0.3.0"]).output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    assert!(printed.contains("@unstable(feature = more)"), "{printed}");
}
