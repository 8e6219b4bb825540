//! Edits of manifests of many shapes: what is not changed stays byte for byte.

use tenon_registry_client::project::{Dependency, ManifestEdit};

enum Change<'t> {
    Set(&'t str, &'t str),
    Path(&'t str, &'t str),
    Remove(&'t str),
    Plug(&'t str),
    Unplug(&'t str),
}
use Change::{Path, Plug, Remove, Set, Unplug};

/// Whether there was something to change.
fn change(edit: &mut ManifestEdit, change: &Change<'_>) -> bool {
    let before = edit.to_string();
    let name = |name: &str| name.parse().unwrap();
    let said = match change {
        Set(package, requirement) => {
            let dependency = Dependency::Registry(requirement.parse().unwrap());
            edit.set_dependency(&name(package), &dependency).unwrap();
            edit.to_string() != before
        }
        Path(package, path) => {
            let dependency = Dependency::Path(path.into());
            edit.set_dependency(&name(package), &dependency).unwrap();
            edit.to_string() != before
        }
        Remove(package) => edit.remove_dependency(&name(package)).unwrap(),
        Plug(plug) => edit.add_plug(plug).unwrap(),
        Unplug(plug) => edit.remove_plug(plug).unwrap(),
    };
    assert_eq!(said, edit.to_string() != before);
    said
}

#[track_caller]
fn becomes(before: &str, by: Change<'_>, after: &str) {
    // Where no line ends, it cannot be seen how they do.
    let crlf = before.contains('\n');
    for (crlf, bom) in [(false, ""), (crlf, ""), (false, "\u{feff}")] {
        let as_file = |text: &str| {
            let text = if crlf {
                text.replace('\n', "\r\n")
            } else {
                text.to_owned()
            };
            format!("{bom}{text}")
        };
        let mut edit = ManifestEdit::parse(&as_file(before)).unwrap();
        assert_eq!(edit.to_string(), as_file(before));
        change(&mut edit, &by);
        assert_eq!(edit.to_string(), as_file(after), "crlf: {crlf}");
    }
}

#[test]
fn a_dependency_is_put_in_order() {
    becomes("", Set("a:b", "1"), "[dependencies]\n\"a:b\" = \"^1\"\n");
    becomes(
        "[dependencies]",
        Set("a:b", "1"),
        "[dependencies]\n\"a:b\" = \"^1\"",
    );
    becomes(
        "[dependencies] # what we use\n\n[wit]\n",
        Path("a:b", "./x"),
        "[dependencies] # what we use\n\"a:b\" = { path = \"./x\" }\n\n[wit]\n",
    );
    let three = "[dependencies]\n# the first\n\"b:b\" = \"1\" # one\n\n# the second\n\"d:d\" = \"2\"\n# the third\n\"f:f\" = \"3\"\n\n# the end\n[wit]\ndir = \"w\" # here\n# really\n";
    becomes(
        three,
        Set("a:a", "1"),
        &three.replacen("# the first", "\"a:a\" = \"^1\"\n# the first", 1),
    );
    becomes(
        three,
        Set("c:c", "1"),
        &three.replacen("# one\n", "# one\n\"c:c\" = \"^1\"\n", 1),
    );
    becomes(
        three,
        Set("e:e", "1"),
        &three.replacen("\"2\"\n", "\"2\"\n\"e:e\" = \"^1\"\n", 1),
    );
    becomes(
        three,
        Set("g:g", "1"),
        &three.replacen("\"3\"\n", "\"3\"\n\"g:g\" = \"^1\"\n", 1),
    );
    // Others are not in order: then it comes last.
    becomes(
        "[dependencies]\n\"b:b\" = \"1\"\n\"a:a\" = \"1\"\n# the end\n",
        Set("a:b", "1"),
        "[dependencies]\n\"b:b\" = \"1\"\n\"a:a\" = \"1\"\n\"a:b\" = \"^1\"\n# the end\n",
    );
    // The last line has no end.
    becomes(
        "[dependencies]\n\"b:b\" = \"1\" # no end",
        Set("c:c", "1"),
        "[dependencies]\n\"b:b\" = \"1\" # no end\n\"c:c\" = \"^1\"",
    );
    // Columns and indents go on.
    becomes(
        "[dependencies]\n  \"acme:logger\" = \"1\"\n  \"wasi:io\"     = \"2\"\n",
        Set("b:b", "^1"),
        "[dependencies]\n  \"acme:logger\" = \"1\"\n  \"b:b\"         = \"^1\"\n  \"wasi:io\"     = \"2\"\n",
    );
}

#[test]
fn a_table_is_made_where_a_reader_expects_it() {
    becomes(
        "[package]\nname = \"a:a\"\n# version = \"1.0.0\"\n\n# What is built.\n[compose]\nfile = \"x\"\n",
        Set("a:b", "1"),
        "[package]\nname = \"a:a\"\n# version = \"1.0.0\"\n\n[dependencies]\n\"a:b\" = \"^1\"\n\n# What is built.\n[compose]\nfile = \"x\"\n",
    );
    becomes(
        "[package]\nname = \"a:a\"",
        Set("a:b", "1"),
        "[package]\nname = \"a:a\"\n\n[dependencies]\n\"a:b\" = \"^1\"",
    );
    becomes(
        "[compose]\nfile = \"x\"\n# output = \"y\"\n",
        Set("a:b", "1"),
        "[compose]\nfile = \"x\"\n# output = \"y\"\n\n[dependencies]\n\"a:b\" = \"^1\"\n",
    );
    becomes(
        "package.name = \"a:a\"\nwit.dir = \"w\"\n",
        Set("a:b", "1"),
        "package.name = \"a:a\"\nwit.dir = \"w\"\n\n[dependencies]\n\"a:b\" = \"^1\"\n",
    );
    becomes(
        "package = { name = \"a:a\" }\nwit.dir = \"w\"\n",
        Set("a:b", "1"),
        "package = { name = \"a:a\" }\nwit.dir = \"w\"\n\n[dependencies]\n\"a:b\" = \"^1\"\n",
    );
    becomes(
        "# about b\n[dependencies.\"a:b\"]\nversion = \"1\"\n",
        Set("a:c", "1"),
        "[dependencies]\n\"a:c\" = \"^1\"\n\n# about b\n[dependencies.\"a:b\"]\nversion = \"1\"\n",
    );
}

#[test]
fn a_dependency_is_changed_where_it_is() {
    // What it says already stays as it is spelled.
    becomes(
        "[dependencies]\n'a:b'  =  '1.2' # why\n",
        Set("a:b", "^1.2"),
        "[dependencies]\n'a:b'  =  '1.2' # why\n",
    );
    becomes(
        "[dependencies]\n'a:b'  =  '1.2' # why\n",
        Set("a:b", "2"),
        "[dependencies]\n'a:b'  =  \"^2\" # why\n",
    );
    becomes(
        "[dependencies]\n'a:b'  =  '1.2' # why\n",
        Path("a:b", "../\"x\""),
        "[dependencies]\n'a:b'  =  { path = \"../\\\"x\\\"\" } # why\n",
    );
    becomes(
        "[dependencies]\n\"a:b\" = {version=\"1\"} # why\n",
        Set("a:b", "2"),
        "[dependencies]\n\"a:b\" = {version = \"^2\"} # why\n",
    );
    becomes(
        "[dependencies]\n\"a:b\" = { path = \"x\" } # why\n",
        Set("a:b", "2"),
        "[dependencies]\n\"a:b\" = { version = \"^2\" } # why\n",
    );
    becomes(
        "[dependencies]\n\"a:b\".version = \"1\" # why\n",
        Set("a:b", "2"),
        "[dependencies]\n\"a:b\".version = \"^2\" # why\n",
    );
    becomes(
        "[dependencies.\"a:b\"] # what\n# above\nversion = \"1\" # why\n\n[wit]\n",
        Path("a:b", "x"),
        "[dependencies.\"a:b\"] # what\n# above\npath = \"x\" # why\n\n[wit]\n",
    );
    becomes(
        "dependencies.\"a:b\" = \"1\" # why\n",
        Set("a:b", "2"),
        "dependencies.\"a:b\" = \"^2\" # why\n",
    );
    becomes(
        "dependencies.\"a:b\".path = \"1\" # why\n",
        Set("a:b", "2"),
        "dependencies.\"a:b\".version = \"^2\" # why\n",
    );
    becomes(
        "dependencies = { \"a:b\" = \"1\", \"c:d\".path = \"2\" } # why\n",
        Set("c:d", "2"),
        "dependencies = { \"a:b\" = \"1\", \"c:d\".version = \"^2\" } # why\n",
    );
}

#[test]
fn tables_without_headers_are_extended() {
    becomes(
        "dependencies.\"b:b\" = \"1\" # b\nwit.dir = \"w\"\ndependencies.\"d:d\".path = \"1\" # d\n",
        Set("c:c", "2"),
        "dependencies.\"b:b\" = \"1\" # b\ndependencies.\"c:c\" = \"^2\"\nwit.dir = \"w\"\ndependencies.\"d:d\".path = \"1\" # d\n",
    );
    becomes(
        "dependencies.\"b:b\" = \"1\" # b",
        Set("c:c", "2"),
        "dependencies.\"b:b\" = \"1\" # b\ndependencies.\"c:c\" = \"^2\"",
    );
    becomes(
        "dependencies = {} # all\n",
        Set("b:b", "2"),
        "dependencies = { \"b:b\" = \"^2\" } # all\n",
    );
    let two = "dependencies = { \"b:b\" = \"1\", \"d:d\" = { path = \"x\" } } # all\n";
    becomes(
        two,
        Set("a:a", "2"),
        "dependencies = { \"a:a\" = \"^2\", \"b:b\" = \"1\", \"d:d\" = { path = \"x\" } } # all\n",
    );
    becomes(
        two,
        Set("c:c", "2"),
        "dependencies = { \"b:b\" = \"1\", \"c:c\" = \"^2\", \"d:d\" = { path = \"x\" } } # all\n",
    );
    becomes(
        two,
        Set("e:e", "2"),
        "dependencies = { \"b:b\" = \"1\", \"d:d\" = { path = \"x\" }, \"e:e\" = \"^2\" } # all\n",
    );
    becomes(
        "dependencies = {\n  \"b:b\" = \"1\", # b\n  \"d:d\" = \"1\" # d\n}\n",
        Set("e:e", "2"),
        "dependencies = {\n  \"b:b\" = \"1\", # b\n  \"d:d\" = \"1\", # d\n  \"e:e\" = \"^2\"\n}\n",
    );
}

#[test]
fn a_comment_goes_with_what_it_is_about() {
    let text = "[dependencies]\n# logging\n\"a:a\" = \"1\" # beside a\n# the web\n\"b:b\" = \"1\" # beside b\n\"c:c\" = \"1\"\n\n# at last\n\"d:d\" = \"1\"\n# the end\n\n[wit]\n";
    becomes(
        text,
        Remove("a:a"),
        &text.replacen("# logging\n\"a:a\" = \"1\" # beside a\n", "", 1),
    );
    // What is above is about both.
    becomes(
        text,
        Remove("b:b"),
        &text.replacen("\"b:b\" = \"1\" # beside b\n", "", 1),
    );
    becomes(
        text,
        Remove("c:c"),
        &text.replacen("\"c:c\" = \"1\"\n", "", 1),
    );
    becomes(
        text,
        Remove("d:d"),
        &text.replacen("# at last\n\"d:d\" = \"1\"\n", "", 1),
    );
    becomes(text, Remove("e:e"), text);
    becomes(
        "[dependencies]\n\"a:a\" = \"1\" # no end",
        Remove("a:a"),
        "[dependencies]\n",
    );
    becomes(
        "[dependencies]\n\"a:a\" = \"1\"",
        Remove("a:a"),
        "[dependencies]\n",
    );
    // A comment apart is about something else.
    becomes(
        "[dependencies]\n# all\n\n\"a:a\" = \"1\"\n",
        Remove("a:a"),
        "[dependencies]\n# all\n\n",
    );
}

#[test]
fn a_dependency_is_removed_from_tables_of_every_shape() {
    becomes(
        "[dependencies]\n\"a:b\".version = \"1\" # why\n\"c:d\" = { path = \"x\" }\n",
        Remove("a:b"),
        "[dependencies]\n\"c:d\" = { path = \"x\" }\n",
    );
    becomes(
        "[wit]\n\n# b\n[dependencies.\"a:b\"] # what\n# above\nversion = \"1\" # why\n\n[dependencies.\"c:d\"]\npath = \"x\"\n",
        Remove("a:b"),
        "[wit]\n\n[dependencies.\"c:d\"]\npath = \"x\"\n",
    );
    becomes(
        "[wit]\n\n[dependencies.\"a:b\"]\nversion = \"1\"",
        Remove("a:b"),
        "[wit]\n\n",
    );
    becomes(
        "dependencies.\"a:b\" = \"1\" # why\nwit.dir = \"w\"\ndependencies.\"c:d\".path = \"x\"\n",
        Remove("c:d"),
        "dependencies.\"a:b\" = \"1\" # why\nwit.dir = \"w\"\n",
    );
    let two = "dependencies = { \"a:b\" = \"1\", \"c:d\".path = \"x\" } # all\n";
    becomes(
        two,
        Remove("a:b"),
        "dependencies = { \"c:d\".path = \"x\" } # all\n",
    );
    becomes(
        two,
        Remove("c:d"),
        "dependencies = { \"a:b\" = \"1\" } # all\n",
    );
    becomes(
        "dependencies = { \"a:b\" = \"1\" , } # all\n",
        Remove("a:b"),
        "dependencies = {  } # all\n",
    );
    becomes(
        "dependencies = {\n  \"b:b\" = \"1\", # b\n  \"d:d\" = \"1\" # d\n}\n",
        Remove("d:d"),
        "dependencies = {\n  \"b:b\" = \"1\", # b\n}\n",
    );
}

#[test]
fn a_plug_is_added_to_a_list() {
    let list = |plugs: &str| {
        format!("[compose]\nsocket = \"s\" # here\nplugs = {plugs} # these\nname = \"n\"\n")
    };
    for (before, after) in [
        ("[]", r#"["x:y"]"#),
        ("[ ]", r#"["x:y"]"#),
        (r#"["a"]"#, r#"["a", "x:y"]"#),
        (r#"[ 'a' ,]"#, r#"[ 'a' , "x:y",]"#),
        ("[\n  # none yet\n]", "[\"x:y\"\n  # none yet\n]"),
        (
            "[\n  \"a\",\n  # about b\n  \"b\", # beside\n  # the end\n]",
            "[\n  \"a\",\n  # about b\n  \"b\", # beside\n  \"x:y\",\n  # the end\n]",
        ),
        (
            "[\n\t\"a\",\n\t\"b\" # beside, with a comma\n]",
            "[\n\t\"a\",\n\t\"b\", # beside, with a comma\n\t\"x:y\"\n]",
        ),
        (
            "[\"a\", # first\n \"b\"]",
            "[\"a\", # first\n \"b\", \"x:y\"]",
        ),
        ("[\"a\" # first\n , ]", "[\"a\" # first\n , \"x:y\", ]"),
        (
            "[\n  \"a\" # first\n  , # second\n]",
            "[\n  \"a\" # first\n  , # second\n  \"x:y\",\n]",
        ),
    ] {
        becomes(&list(before), Plug("x:y"), &list(after));
    }
    // There is nothing to add to, or it is there.
    for same in [
        "",
        "[compose]\nsocket = \"s\"",
        "[compose]\nfile = \"f\"",
        &list("['x:y']"),
    ] {
        becomes(same, Plug("x:y"), same);
    }
    let mut edit = ManifestEdit::parse(&list("[]")).unwrap();
    let error = edit.add_plug("").unwrap_err();
    assert_eq!(error.to_string(), "line 3, column 10: `plugs` is empty");
    assert_eq!(edit.to_string(), list("[]"));
}

#[test]
fn a_plug_is_removed_from_a_list() {
    let list = |plugs: &str| {
        format!("[compose]\nsocket = \"s\" # here\nplugs = {plugs} # these\nname = \"n\"\n")
    };
    for (before, after) in [
        (r#"["x:y"]"#, "[]"),
        (r#"[ 'x:y', ]"#, "[  ]"),
        (r#"["a", "x:y"]"#, r#"["a"]"#),
        (r#"["x:y", "a"]"#, r#"["a"]"#),
        (r#"["a", "\u0078:y", "b"]"#, r#"["a", "b"]"#),
        (r#"["x:y", "a", "x:y", "x:y"]"#, r#"["a"]"#),
        (
            "[\n  \"a\", # first\n  \"x:y\", # second\n  \"b\", # third\n]",
            "[\n  \"a\", # first\n  \"b\", # third\n]",
        ),
        (
            "[\n  \"a\", # first\n  # about it\n  \"x:y\" # second\n]",
            "[\n  \"a\", # first\n  # about it\n]",
        ),
        ("[\"a\", # first\n  \"x:y\"]", "[\"a\", # first\n  ]"),
        ("[\"a\" # first\n  , \"x:y\"]", "[\"a\" # first\n  , ]"),
        ("[\n  \"x:y\" # first\n  , \"a\"\n]", "[\n  \"a\"\n]"),
        ("[\n  \"x:y\", \"a\",\n]", "[\n  \"a\",\n]"),
        ("[\n  \"x:y\" # first\n  , # second\n]", "[\n   # second\n]"),
        (
            "[\n  \"a\", # first\n  \"x:y\" # second\n  ,\n]",
            "[\n  \"a\", # first\n  \n]",
        ),
    ] {
        becomes(&list(before), Unplug("x:y"), &list(after));
    }
    for same in ["", "[compose]\nsocket = \"s\"", &list("['a']")] {
        becomes(same, Unplug("x:y"), same);
    }
}

#[test]
fn a_change_that_would_break_the_manifest_is_not_made() {
    let text = "[package]\nname = \"a:b\"\n";
    let mut edit = ManifestEdit::parse(text).unwrap();
    let itself = Dependency::Registry("1".parse().unwrap());
    let error = edit
        .set_dependency(&"a:b".parse().unwrap(), &itself)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 5, column 1: `a:b` is this package itself"
    );
    let nowhere = Dependency::Path("".into());
    let error = edit
        .set_dependency(&"a:c".parse().unwrap(), &nowhere)
        .unwrap_err();
    assert_eq!(error.to_string(), "line 5, column 18: `path` is empty");
    assert_eq!(edit.to_string(), text);
    assert!(ManifestEdit::parse("[pakcage]").is_err());
}

/// A column that no line of a manifest has is not kept to.
#[test]
fn values_far_to_the_right_are_no_column() {
    let far = " ".repeat(70_000);
    let mut edit = ManifestEdit::parse(&format!("[dependencies]\n\"a:b\"{far}= \"1\"\n")).unwrap();
    let dependency = Dependency::Registry("2".parse().unwrap());
    edit.set_dependency(&"a:c".parse().unwrap(), &dependency)
        .unwrap();
    assert!(
        edit.to_string().ends_with("\n\"a:c\" = \"^2\"\n"),
        "{}",
        edit.to_string().trim_start_matches(' ')
    );
}
