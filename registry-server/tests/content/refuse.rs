//! What is refused, and in which words: S22 and S26.

use crate::support::*;
use tenon_registry_server::content::{Refusal, RefusalCode};

#[track_caller]
fn refused(bytes: &[u8], kind: tenon_registry_client::record::ContentKind) -> Refusal {
    let expected = release("acme:http", "1.0.0");
    let refusal = judge(bytes, kind, Some(&expected)).unwrap_err();
    assert!(!refusal.help.is_empty());
    assert!(
        !refusal.message.ends_with('.') && !refusal.message.contains('\n'),
        "{refusal}"
    );
    refusal
}

#[test]
fn codes_are_written_as_they_are_said() {
    use RefusalCode::*;
    for code in [
        NotAComponent,
        NotAWitPackage,
        Invalid,
        TooNew,
        NameDiffers,
        TooLarge,
        TooComplex,
    ] {
        assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        assert!(code.as_str().starts_with("content-"));
    }
}

#[test]
fn what_is_no_component_is_refused_with_what_to_do() {
    let module = wat("(module)");
    let package = wit(&["package acme:http@1.0.0; interface a { f: func(); }"]);
    for (bytes, says, help) in [
        (&b""[..], "is empty", "command"),
        (b"hello", "is text", "component"),
        (b"\x1f\x8b\x08", "is a gzip archive", "component"),
        (b"\x00\x01\x02", "begins with 00 01 02", "component"),
        (b"(component)", "is WebAssembly text", "wasm-tools parse"),
        (b"package a:b;", "is WIT text", "wkg wit build"),
        (b"\0asm\x0e\0\x02\0", "another version", "component"),
        (&module, "is a core module", "wasm-tools component new"),
        (&package, "is a WIT package", "as a WIT package"),
    ] {
        let refusal = refused(bytes, Component);
        assert_eq!(refusal.code, RefusalCode::NotAComponent, "{refusal}");
        assert!(
            refusal.message.starts_with("`acme:http@1.0.0` "),
            "{refusal}"
        );
        assert!(refusal.message.contains(says), "{refusal}");
        assert!(refusal.help.contains(help), "{}", refusal.help);
    }
}

#[test]
fn what_is_no_wit_package_is_refused_with_what_to_do() {
    let component = read("middleware/mw.wasm");
    for (bytes, says, help) in [
        (
            &b"package acme:http@1.0.0;"[..],
            "is WIT text",
            "wkg wit build",
        ),
        (
            &component,
            "is a component, not a WIT package",
            "wkg wit build",
        ),
        (&wat("(module)"), "is a core module", "WIT package"),
        (
            &wat(r#"(component (type (instance)) (export "a" (type 0)))"#),
            "is not a WIT package",
            "wkg wit build",
        ),
    ] {
        let refusal = refused(bytes, Wit);
        assert_eq!(refusal.code, RefusalCode::NotAWitPackage, "{refusal}");
        assert!(refusal.message.contains(says), "{refusal}");
        assert!(refusal.help.contains(help), "{}", refusal.help);
    }
}

#[test]
fn what_is_damaged_is_refused_with_the_place() {
    let whole = read("middleware/mw.wasm");
    let cut = &whole[..whole.len() / 2];
    let longer = [&whole[..], &[0; 16]].concat();
    let declared = [HEADER, &[7], &leb(1 << 30)].concat();
    let body = wat("(component (core module (func (result i32) (i32.const 7))))");
    let at = body
        .windows(3)
        .position(|bytes| bytes == [0x41, 7, 0x0b])
        .unwrap();
    let mut wrong_body = body;
    wrong_body[at] = 0x42;
    for (bytes, says) in [
        (cut, "is cut short"),
        (&longer, "16 bytes after its component ends"),
        (&declared, "lacks at least 1073741824 bytes"),
        (&wrong_body, "type mismatch"),
    ] {
        let refusal = refused(bytes, Component);
        assert_eq!(refusal.code, RefusalCode::Invalid, "{refusal}");
        assert!(refusal.message.contains(says), "{refusal}");
        assert!(refusal.message.contains("offset 0x"), "{refusal}");
    }
}

#[test]
fn what_is_unknown_is_refused() {
    let body = wat("(component (core module (func (nop) (nop))))");
    let at = body.windows(2).position(|bytes| bytes == [1, 1]).unwrap();
    let mut unknown = body;
    unknown[at] = 0x27;
    let refusal = refused(&unknown, Component);
    assert_eq!(refusal.code, RefusalCode::TooNew, "{refusal}");
    assert!(refusal.help.contains("toolchain"));
}

#[test]
fn a_wit_package_must_be_the_one_its_record_names() {
    for (declares, says, help) in [
        (
            "acme:https@1.0.0",
            "`acme:https@1.0.0`, not `acme:http@1.0.0`",
            "`package` line",
        ),
        (
            "acne:http@1.0.0",
            "`acne:http@1.0.0`, not `acme:http@1.0.0`",
            "`package` line",
        ),
        (
            "acme:http@1.0.1",
            "version `1.0.1`, not `1.0.0`",
            "`acme:http@1.0.1`",
        ),
        (
            "acme:http@1.0.0-rc.1",
            "version `1.0.0-rc.1`, not `1.0.0`",
            "`package` line",
        ),
        (
            "acme:http",
            "without a version",
            "`package acme:http@1.0.0;`",
        ),
    ] {
        let bytes = wit(&[&format!("package {declares}; interface a {{ f: func(); }}")]);
        let refusal = refused(&bytes, Wit);
        assert_eq!(refusal.code, RefusalCode::NameDiffers, "{refusal}");
        assert!(refusal.message.contains(says), "{refusal}");
        assert!(refusal.help.contains(help), "{}", refusal.help);
        assert!(
            judge(&bytes, Wit, None).is_ok(),
            "nothing is expected of it"
        );
    }
    let bytes = wit(&["package acme:http@1.0.0; interface a { f: func(); }"]);
    assert!(judge(&bytes, Wit, Some(&release("acme:http", "1.0.0"))).is_ok());
}

#[test]
fn what_a_component_calls_itself_does_not_matter() {
    let bytes = wat(r#"(component $root-component)"#);
    let world = judge(&bytes, Component, Some(&release("acme:http", "1.0.0"))).unwrap();
    assert_eq!(world.metadata.name.as_deref(), Some("root-component"));
}

#[test]
fn a_message_does_nothing_to_a_terminal() {
    let bytes = component(&[
        items(7, std::iter::once(vec![0x40, 0, 1, 0])),
        items(
            10,
            std::iter::once([vec![0], text("\u{1b}[31m\u{202e}"), vec![1, 0]].concat()),
        ),
    ]);
    let refusal = refused(&bytes, Component);
    assert_eq!(refusal.code, RefusalCode::Invalid);
    let plain = |char: char| !char.is_control() && char != '\u{202e}';
    assert!(refusal.message.chars().all(plain), "{refusal}");
}
