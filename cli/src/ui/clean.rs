//! Text that someone else wrote, made fit for a terminal.
//!
//! What would steer a terminal, turn the direction of text, or be there without being seen is
//! replaced, so that it can be seen that there was something.

use std::fmt::Write;

/// The most characters of a line that someone else wrote.
const MAX_LINE: usize = 256;

/// Text of any number of lines.
pub(crate) fn clean(text: &str) -> String {
    // Of these is nearly all text, and they are harmless.
    if text.bytes().all(|byte| matches!(byte, b'\n' | b' '..=b'~')) {
        return text.to_owned();
    }
    let replace = |c| match c {
        '\n' => '\n',
        _ if is_harmful(c) => char::REPLACEMENT_CHARACTER,
        _ => c,
    };
    text.chars().map(replace).collect()
}

/// Text with the colours that this program gives it, unless it is to have none, and nothing else that steers a terminal.
pub(super) fn clean_styled(text: &str, has_colours: bool) -> String {
    let mut clean_text = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        let (before, from) = rest.split_at(at);
        clean_text.push_str(&clean(before));
        // A style is `ESC [`, numbers and semicolons, `m`.
        let numbers = from.get(2..).unwrap_or_default();
        let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';');
        let is_style = from.starts_with("\u{1b}[")
            && end.is_some_and(|end| numbers.get(end..).is_some_and(|end| end.starts_with('m')));
        let length = match (is_style, end) {
            (true, Some(end)) => end + 3,
            _ => 1,
        };
        let (style, after) = from.split_at(length);
        match is_style {
            true if has_colours => clean_text.push_str(style),
            true => {}
            false => clean_text.push(char::REPLACEMENT_CHARACTER),
        }
        rest = after;
    }
    clean_text.push_str(&clean(rest));
    clean_text
}

/// Text of one line, which ends in an ellipsis if it is too long.
pub(crate) fn clean_line(text: &str) -> String {
    clean_line_of(text, MAX_LINE)
}

/// The same, of so many characters.
pub(crate) fn clean_line_of(text: &str, most: usize) -> String {
    let mut line = clean(&text.chars().take(most).collect::<String>());
    line = line.replace('\n', "\u{fffd}");
    if text.chars().nth(most).is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// Whether a text is of one line and would be shown as it is.
pub(crate) fn is_clean_line(text: &str) -> bool {
    clean_line(text) == text
}

/// A JSON document whose strings are harmless to a terminal, and mean the same.
pub(crate) fn clean_json(document: &str) -> String {
    let mut clean = String::with_capacity(document.len());
    for c in document.chars() {
        if c == '\n' || !is_harmful(c) {
            clean.push(c);
            continue;
        }
        // All that is harmful is inside of strings, where JSON has an escape for it.
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(clean, "\\u{unit:04x}");
        }
    }
    clean
}

/// Control characters, bidirectional controls, and what takes no room.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_styles_go_through_with_text_of_others() {
        let styled = "\u{1b}[1mwrote\u{1b}[0m a\u{1b}[1;31mb\u{1b}[m\n";
        assert_eq!(clean_styled(styled, true), styled);
        assert_eq!(clean_styled(styled, false), "wrote ab\n");
        for (hostile, shown) in [
            ("a\u{1b}]0;title\u{7}b", "a\u{fffd}]0;title\u{fffd}b"),
            ("\u{1b}[2J", "\u{fffd}[2J"),
            ("\u{1b}[1", "\u{fffd}[1"),
            ("\u{1b}", "\u{fffd}"),
            ("\u{1b}[\u{e9}m", "\u{fffd}[\u{e9}m"),
            ("\u{9b}31m\u{202e}", "\u{fffd}31m\u{fffd}"),
        ] {
            for has_colours in [true, false] {
                assert_eq!(clean_styled(hostile, has_colours), shown);
            }
        }
    }

    /// Text in which what is harmful is frequent.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[a-z\n\t ]{0,40}",
            prop::sample::select(vec![
                "\u{1b}[31m",
                "\u{1b}]8;;https://evil.example\u{7}",
                "\u{9b}2J",
                "\u{202e}",
                "\u{2066}",
                "\u{200b}",
                "\u{200d}",
                "\u{feff}",
                "\u{e0041}",
                "\r\n",
                "\u{7f}",
                "\u{85}",
                "ä…€🦀",
            ])
            .prop_map(str::to_owned),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left_and_nothing_else_is_lost(text in hostile()) {
            let cleaned = clean(&text);
            // The classes are named here once more, apart from the list above.
            let steers = |c: char| c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c)
                || "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
                || "\u{ad}\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{2028}\u{2029}".contains(c);
            prop_assert!(!cleaned.chars().any(|c| c != '\n' && steers(c)));
            prop_assert_eq!(cleaned.chars().count(), text.chars().count());
            for (before, after) in text.chars().zip(cleaned.chars()) {
                let is_replaced = after == char::REPLACEMENT_CHARACTER && is_harmful(before);
                prop_assert!(before == after || is_replaced);
            }
            prop_assert_eq!(clean(&cleaned), cleaned);
        }

        #[test]
        fn a_line_is_one_and_has_an_end(text in hostile(), times in 1_usize..40) {
            let text = text.repeat(times);
            let line = clean_line(&text);
            prop_assert!(!line.contains('\n') && line.chars().count() <= MAX_LINE);
            prop_assert_eq!(line.ends_with('…') && text.chars().count() > MAX_LINE, text.chars().count() > MAX_LINE);
            prop_assert!(is_clean_line(&line));
        }

        #[test]
        fn json_means_the_same(text in hostile()) {
            let document = serde_json::to_string_pretty(&[&text, "end"]).unwrap();
            let cleaned = clean_json(&document);
            prop_assert!(!cleaned.chars().any(|c| c != '\n' && is_harmful(c)));
            let read: Vec<String> = serde_json::from_str(&cleaned).unwrap();
            prop_assert_eq!(read, [&text, "end"]);
        }
    }

    #[test]
    fn harmless_text_stays() {
        for text in ["acme/alice", "naïve café", "日本語", "🦀", "עברית", "a\tb"] {
            let expected = text.replace('\t', "\u{fffd}");
            assert_eq!(clean(text), expected);
        }
    }
}
