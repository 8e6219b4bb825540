//! The one style.

use crate::formatted;
use tenon_composer::wac::{format, parse, parse_body};

#[test]
fn a_document() {
    let source = r#"
// Who wrote it.

/// The composition.
package   acme:app @1.0.0 targets wasi : cli/command@ 0.2.0;


/// Logs.
@since( version=1.0.0 ) @external-id( "log" )
import log as   "logger":acme:log/log@>=1, <3;   // kept
import f:async func( a:u32,b:list<tuple<u8,string>,4> , )->result<_,string>;
import i: interface{x:func();/* none */y:func();};
let a=new acme:a@*{log,"acme:db/db":(new acme:db{}) ["x/y"].z,...rest,..., };
let wide = new acme:something-with-a-long-name { first-argument: first, second-argument: second, third };
let broken=new acme:b{a, // the first
b};
let inner = new acme:b { a: new acme:c { /* here */ b, c }, /* and here */ };
let d = // why
  // because
  a /* of */ .b;
export a.b as %use;export a...;
record r{a:u32,/// b's
b:map<string,u32>}
interface e{}
resource-like: x;
"#;
    // What is wrong is not written.
    assert_eq!(format(&parse(source)).unwrap_err().len(), 1);
    let source = source.replace("resource-like: x;", "");
    let expected = r#"// Who wrote it.

/// The composition.
package acme:app@1.0.0 targets wasi:cli/command@0.2.0;

/// Logs.
@since(version = 1.0.0)
@external-id("log")
import log as "logger": acme:log/log@>=1, <3; // kept
import f: async func(a: u32, b: list<tuple<u8, string>, 4>) -> result<_, string>;
import i: interface {
    x: func(); /* none */
    y: func();
};
let a = new acme:a@* { log, "acme:db/db": (new acme:db {})["x/y"].z, ...rest, ... };
let wide = new acme:something-with-a-long-name {
    first-argument: first,
    second-argument: second,
    third,
};
let broken = new acme:b {
    a, // the first
    b,
};
let inner = new acme:b { a: new acme:c { /* here */ b, c } /* and here */ };
let d = // why
    // because
    a /* of */.b;
export a.b as %use;
export a...;
record r {
    a: u32, /// b's
    b: map<string, u32>,
}
interface e {}
"#;
    assert_eq!(formatted(&source), expected);
}

#[test]
fn interfaces_and_worlds() {
    let source = r#"interface i{use a:b/c@1.0.0.{d,e as f};resource r{constructor(a:u32)->result<r>;

m:static async func();p:get()->u32;}
resource s;
flags g{
// one
a,

b
// last
}
  variant v { a(own<r>), b }

  // the end
}
world w { import a:b/c; import x: a:b/c; import l : local; include z with{a as b,}
export g:func(a-long-parameter:list<string>,another-one:option<u64>,and-the-last:borrow<r>)->u32; }
package a:b@1.0.0{use c:d/e as f;interface j{}}
"#;
    let expected = r#"interface i {
    use a:b/c@1.0.0.{d, e as f};
    resource r {
        constructor(a: u32) -> result<r>;

        m: static async func();
        p: get() -> u32;
    }
    resource s;
    flags g {
        // one
        a,

        b,
        // last
    }
    variant v {
        a(own<r>),
        b,
    }

    // the end
}
world w {
    import a:b/c;
    import x: a:b/c;
    import l: local;
    include z with { a as b }
    export g: func(
        a-long-parameter: list<string>,
        another-one: option<u64>,
        and-the-last: borrow<r>,
    ) -> u32;
}
package a:b@1.0.0 {
    use c:d/e as f;
    interface j {}
}
"#;
    assert_eq!(formatted(source), expected);
}

/// A line has 100 characters, and not one more.
#[test]
fn what_fits() {
    for length in 60..90 {
        let name = "x".repeat(length);
        let flat = format!("let a = new a:b {{ c: {name}, d }}.e;\n");
        let broken = format!("let a = new a:b {{\n    c: {name},\n    d,\n}}.e;\n");
        let fits = flat.trim_end().len() <= 100;
        assert_eq!(formatted(&flat), if fits { &flat } else { &broken }[..]);
        assert_eq!(formatted(&broken), if fits { &flat } else { &broken }[..]);
    }
}

/// Comments between any two tokens, in every way, are kept and stay where they are.
#[test]
fn comments_anywhere() {
    let source = "package a:b; @since(version = 1.0.0) import x as \"y\": a:b/c@^1; let a = new b:c { d, \"e\": (f).g[\"h\"], ...i, ... }; export a...; interface j { use k.{l, m as n}; resource o { constructor(p: u32) -> result<o>; q: static func(); } f: async func(r: tuple<u8, list<u8, 4>>) -> result<_, string>; } world w { include v with { a as b } export z: interface { } } enum s { t, u }";
    let tokens = tenon_composer::wac::lex(source).tokens;
    for comment in [
        "/* c */",
        "// c\n",
        "\n// c\n",
        "\n/* c */\n",
        "\n\n/* c */",
        "/** d\n e */",
        "/// d\n",
    ] {
        for token in &tokens {
            let at = token.span.start as usize;
            let text = format!("{} {comment}{}", &source[..at], &source[at..]);
            assert_eq!(parse_body(&text).errors, [], "{text}");
            formatted(&text);
        }
        let all: String = tokens
            .iter()
            .map(|token| format!("{comment}{} ", token.span.text(source)))
            .collect();
        formatted(&all);
    }
}
