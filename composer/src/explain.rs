//! The long text of every error code.

/// What a code means, and what to do.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The code.
    pub code: &'static str,
    /// What to do, in a sentence.
    pub help: &'static str,
    /// The whole story.
    pub text: &'static str,
}

/// The explanation of `code`.
pub fn explain(_code: &str) -> Option<&'static Explanation> {
    None
}

pub(crate) fn help(code: &str) -> Option<&'static str> {
    explain(code).map(|explanation| explanation.help)
}
