//! Text in a picture: how wide it is, how it is shortened, and how it is written in XML.

/// How text is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Font {
    /// The name of a box: bold, of 14 pixels.
    Name,
    /// What stands below it, of 11 pixels.
    Note,
    /// A line of a label: of 11 pixels, every character as wide as the others.
    Label,
}

/// How wide a text is in pixels at most: no font is at hand, so each character counts as in a wide one.
pub(super) fn width(text: &str, font: Font) -> f64 {
    let ems = |c: char| match (font, c) {
        (_, '\u{300}'..='\u{36f}') => 0.0,
        (Font::Label, c) if c.is_ascii() || is_narrow(c) => 0.61,
        (_, c) if !c.is_ascii() && !is_narrow(c) => 1.2,
        (_, 'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '!') => 0.4,
        (_, 'f' | 't' | 'r' | '-' | '/' | '(' | ')' | '[' | ']') => 0.5,
        (_, 'm' | 'w' | 'M' | 'W' | '@' | '%') => 1.1,
        (_, 'A'..='Z') => 0.84,
        (_, _) => 0.72,
    };
    let size = match font {
        Font::Name => 14.0,
        Font::Note | Font::Label => 11.0,
    };
    text.chars().map(ems).sum::<f64>() * size
}

/// Whether a character that is not ASCII is as wide as those that are: those of European writing.
fn is_narrow(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' | '…' | '‐'..='—')
}

/// A text of no more than `most` characters: a longer one lacks some in the middle.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let (front, back) = (kept - kept / 2, kept / 2);
    let mut out: String = text.chars().take(front).collect();
    out.push('…');
    out.extend(text.chars().skip(count - back));
    out
}

/// Text as it stands in XML, in an element or an attribute. It holds no character that XML does not
/// have: what is drawn was cleaned before.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// A number that depends on every byte of a text: FNV-1a.
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
