//! Plugs a shipped example together and runs the result.
//!
//! `cargo run -p tenon-tests --example demo` runs the polyglot one; name another to run that.

#![allow(clippy::print_stdout, reason = "printing is what a demonstration does")]

use tenon_tests::example::Example;

fn main() {
    let name = std::env::args().nth(1).unwrap_or("polyglot".to_owned());
    let example = Example::open(&name);
    println!(
        "plugging {} into {}",
        example.plugs.join(", "),
        example.socket
    );
    let component = example.compose();
    println!(
        "made a component of {} bytes; running it\n",
        component.len()
    );
    for outcome in example.run(&component) {
        println!("{outcome}");
        assert_eq!(
            outcome.found, outcome.expected,
            "{} went wrong",
            outcome.what
        );
    }
}
