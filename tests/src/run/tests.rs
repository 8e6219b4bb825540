use super::*;

/// A component of one core module, whose exports `lifts` lifts from the instance `$i`.
fn component(module: &str, lifts: &str) -> Vec<u8> {
    let text = format!(
        "(component (core module $m {module}) (core instance $i (instantiate $m)) {lifts})"
    );
    wat::parse_str(text).unwrap()
}

/// `twice`, by itself and in the interface `t:t/math@1.2.0`.
fn twice() -> Vec<u8> {
    component(
        r#"(func (export "twice") (param i32) (result i32)
             (i32.mul (local.get 0) (i32.const 2)))"#,
        r#"(func $t (param "n" u32) (result u32) (canon lift (core func $i "twice")))
           (instance $math (export "twice" (func $t)))
           (export "twice" (func $t))
           (export "t:t/math@1.2.0" (instance $math))"#,
    )
}

/// Gives back its argument, of the type `ty`, which is defined by `types`.
fn same(types: &str, ty: &str, flat: &str) -> Vec<u8> {
    component(
        &format!(r#"(func (export "same") (param {flat}) (result {flat}) (local.get 0))"#),
        &format!(
            r#"{types}
               (func (export "same") (param "x" {ty}) (result {ty})
                 (canon lift (core func $i "same")))"#
        ),
    )
}

#[test]
fn a_function_is_found_by_itself_and_in_its_interface() {
    let component = twice();
    assert_eq!(call(&component, "twice", &["21"]).unwrap(), "42");
    assert_eq!(
        call(&component, "t:t/math@1.2.0#twice", &["21"]).unwrap(),
        "42"
    );

    for wanted in [
        "thrice",
        "t:t/math@1.2.0",
        "t:t/math@1.2.0#thrice",
        "t:t/maths#twice",
    ] {
        let said = call(&component, wanted, &[]).unwrap_err().to_string();
        let exports = "its functions are: twice, t:t/math@1.2.0#twice";
        assert_eq!(said, format!("it exports no `{wanted}`; {exports}"));
    }
}

#[test]
fn arguments_are_checked() {
    let said = |args: &[&str]| call(&twice(), "twice", args).unwrap_err().to_string();
    assert_eq!(
        said(&[]),
        "cannot call `twice`: arguments given: 0, taken: 1"
    );
    let wrong = said(&["-1"]);
    assert!(
        wrong.starts_with("cannot call `twice`: argument `n`, -1: "),
        "{wrong}"
    );
}

#[test]
fn values_are_read_and_written_as_wave() {
    let color = r#"(type $c' (enum "red" "green")) (export $c "color" (type $c'))"#;
    assert_eq!(
        call(&same(color, "$c", "i32"), "same", &["green"]).unwrap(),
        "green"
    );
    assert_eq!(
        call(&same("", "f64", "f64"), "same", &["-0.5"]).unwrap(),
        "-0.5"
    );
    assert_eq!(
        call(&same("", "char", "i32"), "same", &["'☃'"]).unwrap(),
        "'☃'"
    );
    assert_eq!(
        call(&same("", "bool", "i32"), "same", &["true"]).unwrap(),
        "true"
    );
    let record = r#"(type $r' (record (field "x" s8))) (export $r "r" (type $r'))"#;
    assert_eq!(
        call(&same(record, "$r", "i32"), "same", &["{x: -7}"]).unwrap(),
        "{x: -7}"
    );

    let nothing = component(
        r#"(func (export "f"))"#,
        r#"(func (export "f") (canon lift (core func $i "f")))"#,
    );
    assert_eq!(call(&nothing, "f", &[]).unwrap(), "");
}

#[test]
fn maps_are_written_and_handles_are_not() {
    // A map with one entry, 7 to 9, at address 8.
    let map = component(
        r#"(memory (export "mem") 1)
           (data (i32.const 0) "\08\00\00\00\01\00\00\00\07\00\00\00\09\00\00\00")
           (func (export "f") (result i32) (i32.const 0))"#,
        r#"(type $m (map u32 u32))
           (func (export "f") (result $m)
             (canon lift (core func $i "f") (memory (core memory $i "mem"))))"#,
    );
    assert_eq!(call(&map, "f", &[]).unwrap(), "[(7, 9)]");

    let text = r#"(component
        (type $r' (resource (rep i32)))
        (export $r "r" (type $r'))
        (core func $new (canon resource.new $r'))
        (core module $m
          (import "" "new" (func $new (param i32) (result i32)))
          (func (export "f") (result i32) (call $new (i32.const 5))))
        (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
        (func (export "f") (result (own $r)) (canon lift (core func $i "f"))))"#;
    let said = call(&wat::parse_str(text).unwrap(), "f", &[])
        .unwrap_err()
        .to_string();
    assert_eq!(said, "cannot write the result as text: it holds a resource");
}

#[test]
fn an_async_function_is_called_as_any_other() {
    let text = r#"(component
        (core module $m
          (import "" "return" (func $return (param i32)))
          (func (export "f") (param i32) (result i32)
            (call $return (i32.add (local.get 0) (i32.const 1)))
            (i32.const 0))
          (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
        (core func $return (canon task.return (result u32)))
        (core instance $i
          (instantiate $m (with "" (instance (export "return" (func $return))))))
        (func (export "f") async (param "n" u32) (result u32)
          (canon lift (core func $i "f") async (callback (core func $i "callback")))))"#;
    assert_eq!(
        call(&wat::parse_str(text).unwrap(), "f", &["41"]).unwrap(),
        "42"
    );
}

#[test]
fn what_is_no_component_is_rejected() {
    for bytes in [&b"\0asm\x01\0\0\0"[..], b"text", b""] {
        assert!(
            matches!(call(bytes, "f", &[]), Err(Error::Rejected(_))),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_missing_function_is_named_and_a_missing_type_is_not_missed() {
    let said = call(&wat::parse_str("(component)").unwrap(), "f", &[])
        .unwrap_err()
        .to_string();
    assert_eq!(said, "it exports no `f`; its functions are: (none)");

    let module = r#"(core module $m (func (export "f") (result i32) (i32.const 1)))
                    (core instance $i (instantiate $m))
                    (func (export "f") (result u32) (canon lift (core func $i "f"))))"#;
    let with = |import: &str| {
        wat::parse_str(format!(
            "(component (import \"t:t/x@1.0.0\" {import}) {module}"
        ))
        .unwrap()
    };
    let function = with(r#"(instance (export "log" (func)))"#);
    let said = call(&function, "f", &[]).unwrap_err();
    assert!(matches!(said, Error::Unlinked(_)), "{said}");
    assert!(said.to_string().contains("t:t/x@1.0.0"), "{said}");

    let types = with(r#"(instance (type $p (record (field "x" u8))) (export "p" (type (eq $p))))"#);
    assert_eq!(call(&types, "f", &[]).unwrap(), "1");
}

#[test]
fn a_trap_is_a_failure() {
    let trap = component(
        r#"(func (export "f") unreachable)"#,
        r#"(func (export "f") (canon lift (core func $i "f")))"#,
    );
    let said = call(&trap, "f", &[]).unwrap_err();
    assert!(matches!(said, Error::Failed { .. }), "{said}");
    assert!(said.to_string().contains("unreachable"), "{said}");
}

/// A command that writes `text` to standard output and to standard error, and then does `end`,
/// which leaves the result of `run`: 0 for ok, 1 for an error.
fn command_that(end: &str) -> Vec<u8> {
    let stream = |name: &str| {
        format!(
            r#"(import "wasi:cli/{name}@0.2.0" (instance ${name}
                 (alias outer 1 $stream (type $s'))
                 (export "output-stream" (type $s (eq $s')))
                 (export "get-{name}" (func (result (own $s))))))
               (core func $get-{name} (canon lower (func ${name} "get-{name}")))"#
        )
    };
    let (stdout, stderr) = (stream("stdout"), stream("stderr"));
    let text = format!(
        r#"(component
        (import "wasi:io/error@0.2.0" (instance $io
          (export "error" (type (sub resource)))))
        (alias export $io "error" (type $error))
        (import "wasi:io/streams@0.2.0" (instance $streams
          (export "output-stream" (type $s (sub resource)))
          (alias outer 1 $error (type $e'))
          (export "error" (type $e (eq $e')))
          (type $f' (variant (case "last-operation-failed" (own $e)) (case "closed")))
          (export "stream-error" (type $f (eq $f')))
          (export "[method]output-stream.blocking-write-and-flush"
            (func (param "self" (borrow $s)) (param "contents" (list u8))
              (result (result (error $f)))))))
        (alias export $streams "output-stream" (type $stream))
        {stdout}
        {stderr}
        (import "wasi:cli/exit@0.2.12" (instance $exit
          (export "exit-with-code" (func (param "status-code" u8)))))
        (core module $memory (memory (export "mem") 1) (data (i32.const 16) "text"))
        (core instance $memory (instantiate $memory))
        (core func $write
          (canon lower
            (func $streams "[method]output-stream.blocking-write-and-flush")
            (memory (core memory $memory "mem"))))
        (core func $exit (canon lower (func $exit "exit-with-code")))
        (core module $m
          (import "" "stdout" (func $stdout (result i32)))
          (import "" "stderr" (func $stderr (result i32)))
          (import "" "write" (func $write (param i32 i32 i32 i32)))
          (import "" "exit" (func $exit (param i32)))
          (func (export "run") (result i32)
            (call $write (call $stdout) (i32.const 16) (i32.const 4) (i32.const 0))
            (call $write (call $stderr) (i32.const 16) (i32.const 4) (i32.const 0))
            {end}))
        (core instance $i (instantiate $m (with "" (instance
          (export "stdout" (func $get-stdout))
          (export "stderr" (func $get-stderr))
          (export "write" (func $write))
          (export "exit" (func $exit))))))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $cli (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $cli)))"#
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn a_command_leaves_its_output_and_its_exit_code() {
    for (end, exit) in [
        ("(i32.const 0)", 0),
        ("(i32.const 1)", 1),
        ("(call $exit (i32.const 7)) (i32.const 0)", 7),
        ("(call $exit (i32.const 0)) (i32.const 1)", 0),
    ] {
        let text = || String::from("text");
        let left = Output {
            stdout: text(),
            stderr: text(),
            exit,
        };
        assert_eq!(command(&command_that(end), &[]).unwrap(), left, "{end}");
    }

    let said = command(&command_that("unreachable"), &[])
        .unwrap_err()
        .to_string();
    assert!(said.ends_with("\nits standard error:\ntext"), "{said}");

    let said = command(&twice(), &[]).unwrap_err().to_string();
    assert!(said.starts_with("it exports no `wasi:cli/run`; "), "{said}");
}

#[test]
fn a_command_of_wasi_0_3_runs() {
    let text = r#"(component
        (core module $m
          (import "" "return" (func $return (param i32)))
          (func (export "run") (result i32) (call $return (i32.const 1)) (i32.const 0))
          (func (export "callback") (param i32 i32 i32) (result i32) unreachable))
        (core func $return (canon task.return (result (result))))
        (core instance $i
          (instantiate $m (with "" (instance (export "return" (func $return))))))
        (func $run async (result (result))
          (canon lift (core func $i "run") async (callback (core func $i "callback"))))
        (instance $cli (export "run" (func $run)))
        (export "wasi:cli/run@0.3.0" (instance $cli)))"#;
    let left = command(&wat::parse_str(text).unwrap(), &[]).unwrap();
    assert_eq!(
        left,
        Output {
            stdout: "".into(),
            stderr: "".into(),
            exit: 1
        }
    );
}

#[test]
fn a_handler_that_does_not_answer_has_failed() {
    let text = r#"(component
        (import "wasi:http/types@0.2.0" (instance $types
          (export "incoming-request" (type (sub resource)))
          (export "response-outparam" (type (sub resource)))))
        (alias export $types "incoming-request" (type $request))
        (alias export $types "response-outparam" (type $out))
        (core module $m (func (export "handle") (param i32 i32)))
        (core instance $i (instantiate $m))
        (func $handle (param "request" (own $request)) (param "response-out" (own $out))
          (canon lift (core func $i "handle")))
        (instance $handler (export "handle" (func $handle)))
        (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))"#;
    let silent = wat::parse_str(text).unwrap();
    let said = serve(&silent, &["/"]).unwrap_err().to_string();
    assert_eq!(
        said,
        "the guest failed: the handler returned and gave no answer"
    );
    assert_eq!(serve(&silent, &[]).unwrap(), []);

    let said = serve(&twice(), &["/"]).unwrap_err().to_string();
    assert!(
        said.starts_with("it exports no `wasi:http/incoming-handler@0.2`; "),
        "{said}"
    );
}

#[test]
fn a_guest_that_spins_is_ended() {
    let spin = component(
        r#"(func (export "f") (loop (br 0)))"#,
        r#"(func (export "f") (canon lift (core func $i "f")))"#,
    );
    let Guest { mut store, stdio } = Guest::new(host().unwrap(), &[]);
    let pre = host()
        .unwrap()
        .linker
        .instantiate_pre(&compile(&spin).unwrap())
        .unwrap();
    let said = stdio.within(Duration::from_millis(300), async {
        let func = pre
            .instantiate_async(&mut store)
            .await?
            .get_func(&mut store, "f")
            .unwrap();
        func.call_async(&mut store, &[], &mut []).await
    });
    let said = said.unwrap_err().to_string();
    assert_eq!(said, "the guest was still running after 300ms");
}
