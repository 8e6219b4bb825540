//! What is wrong with WIT text, and where.

use crate::diagnostic::{Diagnostic, Place};
use crate::error::{Failure, wit_failure};
use std::error::Error;
use std::fs;
use tenon_composer::wac::Span;
use wit_parser::{ParseError, ResolveError, SourceMap};

/// What is said at the place.
const LABEL: &str = "wrong here";

/// The failure of reading what `argument` names, with its place in `sources` if it has one. `text` is that of `argument`; the
/// text of other files is read again.
pub(super) fn fault(
    argument: &str,
    error: &(dyn Error + 'static),
    sources: &SourceMap,
    text: Option<&str>,
) -> Failure {
    let is_syntax = chain(error).any(|error| error.is::<ParseError>());
    let located = chain(error).find_map(|error| {
        let parse = error.downcast_ref::<ParseError>();
        let resolve = error.downcast_ref::<ResolveError>();
        let span = parse.map(|error| error.kind().span());
        let span = span.or_else(|| Some(resolve?.kind().span()))?;
        Some((place(argument, span, sources, text)?, error.to_string()))
    });
    let Some((place, cause)) = located else {
        let causes: Vec<_> = chain(error).map(ToString::to_string).collect();
        return wit_failure(argument, &causes.join(": "));
    };
    let failure = wit_failure(argument, &cause);
    let failure = match is_syntax {
        true => failure.help("correct the text there"),
        false => failure,
    };
    let diagnostic = Diagnostic {
        place: Some(place),
        ..Diagnostic::of_failure(&failure)
    };
    Failure::of(vec![diagnostic]).unwrap_or(failure)
}

fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

fn place(
    argument: &str,
    span: wit_parser::Span,
    sources: &SourceMap,
    text: Option<&str>,
) -> Option<Place> {
    let at = sources.resolve_span(span)?;
    let text = match text {
        Some(text) if at.path == argument => text.to_owned(),
        _ => fs::read_to_string(at.path).ok()?,
    };
    let offset = |offset: usize| u32::try_from(offset).ok();
    let span = Span::new(offset(at.range.start)?, offset(at.range.end)?);
    Some(Place::of(at.path, &text, span, LABEL))
}
