//! Why content is refused.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest message, in bytes: it may quote what a publisher wrote.
const MAX_MESSAGE: usize = 4 << 10;

/// Why content is refused: what is wrong, where, and what to do about it.
///
/// Nothing in it would be acted on by a terminal, whatever the content holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The stable code of this kind of refusal.
    pub code: RefusalCode,
    /// What is wrong, and where.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A kind of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RefusalCode {
    /// A component is needed, and it is something else.
    #[serde(rename = "content-not-a-component")]
    NotAComponent,
    /// A WIT package in its binary form is needed, and it is something else.
    #[serde(rename = "content-not-a-wit-package")]
    NotAWitPackage,
    /// It is damaged, or breaks a rule of the format.
    #[serde(rename = "content-invalid")]
    Invalid,
    /// It uses something that this registry does not know.
    #[serde(rename = "content-too-new")]
    TooNew,
    /// It says that it is another package, or another version.
    #[serde(rename = "content-name-differs")]
    NameDiffers,
    /// It breaks those who use the release before it on its track, or the one behind it does, and the registry takes
    /// no such release.
    #[serde(rename = "content-breaking")]
    Breaking,
    /// There is more to say about it than the registry keeps.
    #[serde(rename = "content-too-large")]
    TooLarge,
    /// To check it takes more time, memory or stack than is given.
    #[serde(rename = "content-too-complex")]
    TooComplex,
}

impl RefusalCode {
    /// The code as text: `content-invalid`.
    pub fn as_str(self) -> &'static str {
        match self {
            RefusalCode::NotAComponent => "content-not-a-component",
            RefusalCode::NotAWitPackage => "content-not-a-wit-package",
            RefusalCode::Invalid => "content-invalid",
            RefusalCode::TooNew => "content-too-new",
            RefusalCode::NameDiffers => "content-name-differs",
            RefusalCode::Breaking => "content-breaking",
            RefusalCode::TooLarge => "content-too-large",
            RefusalCode::TooComplex => "content-too-complex",
        }
    }
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Refusal {
    pub(super) fn new(code: RefusalCode, message: &str, help: &str) -> Refusal {
        Refusal {
            code,
            message: harmless(message),
            help: help.to_owned(),
        }
    }
}

/// The text without what a terminal would act on, cut where it is too long.
pub(super) fn harmless(text: &str) -> String {
    let mut harmless = String::new();
    for char in text.chars() {
        if harmless.len() > MAX_MESSAGE {
            harmless.push('…');
            break;
        }
        match char {
            '\n' | '\t' => harmless.push(' '),
            _ if acts_on_a_terminal(char) => harmless.extend(char.escape_unicode()),
            _ => harmless.push(char),
        }
    }
    harmless
}

/// Control characters, and the invisible ones that reorder or join what is around them.
fn acts_on_a_terminal(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
