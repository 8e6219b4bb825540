//! Texts as TOML has them between quotes, in one spelling.

use std::fmt;

/// Between `"`.
pub(super) struct Quoted<'t>(pub(super) &'t str);

/// What is between `"""`: as it is, as far as it can be.
pub(super) struct Lines<'t>(pub(super) &'t str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        self.0.chars().try_for_each(|char| write(f, char))?;
        f.write_str("\"")
    }
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '\n' => f.write_str("\n"),
            char => write(f, char),
        })
    }
}

fn write(f: &mut fmt::Formatter<'_>, char: char) -> fmt::Result {
    match char {
        '"' | '\\' => write!(f, "\\{char}"),
        '\n' => f.write_str("\\n"),
        '\t' => f.write_str("\\t"),
        char if char.is_control() => write!(f, "\\u{:04x}", u32::from(char)),
        char => write!(f, "{char}"),
    }
}
