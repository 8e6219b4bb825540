//! What is wrong with a text, shown on its lines.

use super::clean::{clean, clean_line};
use super::style::{cause_line, dim, headline, help_line, strong};
use crate::diagnostic::{Diagnostic, Excerpt, Place};
use std::fmt::Write;
use tenon_composer::wac::MAX_ERRORS;

/// How many characters a label may have that says again what the message says.
const MAX_REPEATED: usize = 60;

/// Diagnostics, one after the other; of several it is said how many they are.
pub(super) fn diagnostics_text(diagnostics: &[Diagnostic]) -> String {
    let shown: Vec<_> = diagnostics.iter().map(text).collect();
    let mut shown = shown.join("\n\n");
    let more = match diagnostics.len() {
        0 | 1 => return shown,
        MAX_ERRORS.. => ", or more",
        _ => "",
    };
    // Writing to a string cannot fail.
    let _ = write!(shown, "\n\nthere are {} errors{more}", diagnostics.len());
    shown
}

fn text(diagnostic: &Diagnostic) -> String {
    let mut out = headline(diagnostic.code, &diagnostic.message);
    if let Some(place) = &diagnostic.place {
        let is_long = place.label.chars().count() > MAX_REPEATED;
        let mut place = place.clone();
        if is_long && diagnostic.message.starts_with(&place.label) {
            place.label.clear();
        }
        out.push_str(&places(&place, &diagnostic.related));
    }
    for cause in &diagnostic.causes {
        out.push_str(&cause_line(cause));
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&help_line(help));
    }
    out
}

/// The lines of places: first those of the file of `main`, in their order, then those of others.
fn places(main: &Place, related: &[Place]) -> String {
    let all = || std::iter::once(main).chain(related);
    let widest = all().map(|place| place.line).max().unwrap_or_default();
    let margin = widest.to_string().len();
    let (mut same, others): (Vec<_>, Vec<_>) = all().partition(|place| place.file == main.file);
    same.sort_by_key(|place| place.start);

    let mut out = header("-->", main, margin);
    let mut shown: Option<(usize, &Excerpt)> = None;
    for place in same {
        let line = (place.line, &place.excerpt);
        if !shown.is_some_and(|shown| shown.0 == line.0 && shown.1.text == line.1.text) {
            out.push_str(&source(place, margin));
        }
        shown = Some(line);
        out.push_str(&mark(place, std::ptr::eq(place, main), margin));
    }
    for place in others {
        out.push_str(&header(":::", place, margin));
        out.push_str(&source(place, margin));
        out.push_str(&mark(place, false, margin));
    }
    out
}

/// Which file, and where in it.
fn header(arrow: &str, place: &Place, margin: usize) -> String {
    let file = clean_line(&place.file);
    let (arrow, bar) = (dim(arrow), dim("|"));
    let (line, column) = (place.line, place.column);
    format!(
        "\n {:margin$}{arrow} {file}:{line}:{column}\n {:margin$} {bar}",
        "", ""
    )
}

/// The line of a place, with its number.
fn source(place: &Place, margin: usize) -> String {
    let number = dim(&format!("{:>margin$} |", place.line));
    // An empty line has no space after the bar.
    format!("\n {number} {}", clean(&place.excerpt.text))
        .trim_end()
        .to_owned()
}

/// What is below a line: what is said of the place.
fn mark(place: &Place, is_main: bool, margin: usize) -> String {
    let sign = if is_main { "^" } else { "-" };
    let sign = sign.repeat(place.excerpt.width);
    let said = format!("{sign} {}", clean_line(&place.label));
    format!(
        "\n {:margin$} {} {:before$}{}",
        "",
        dim("|"),
        "",
        strong(is_main, said.trim_end()),
        before = place.excerpt.before
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenon_composer::wac::Span;

    #[test]
    fn places_are_in_the_order_of_their_lines_and_other_texts_last() {
        let text = "let a = b;\n\nlet c = d {\n  e\n";
        let place = |at, len, label| Place::of("a.wac", text, Span::new(at, at + len), label);
        let other = Place::of("b.wit", "\n\tf: func();", Span::new(2, 3), "declared here");
        let diagnostic = Diagnostic {
            code: "wac::test",
            message: "no".to_owned(),
            causes: vec!["it is so".to_owned()],
            place: Some(place(20, 1, "here")),
            help: Some("another".to_owned()),
            related: vec![place(22, 1, "opened here"), other, place(8, 1, "first")],
        };
        let shown = anstream::adapter::strip_str(&diagnostics_text(&[diagnostic])).to_string();
        let expected = "\
error[wac::test]: no
  --> a.wac:3:9
   |
 1 | let a = b;
   |         - first
 3 | let c = d {
   |         ^ here
   |           - opened here
  ::: b.wit:2:2
   |
 2 |     f: func();
   |     - declared here
  because it is so
  help: another";
        assert_eq!(shown, expected);
    }
}
