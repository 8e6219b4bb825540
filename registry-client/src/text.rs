//! The few ways in which text carries numbers and bytes here, each with one spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Standard base64 with padding ([RFC 4648], section 4).
///
/// [RFC 4648]: https://www.rfc-editor.org/rfc/rfc4648#section-4
pub(crate) fn to_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes that [`to_base64`] writes as `text`; `None` for any other spelling.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Two lower-case hexadecimal digits for each byte.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes that [`to_hex`] writes as `text`; `None` for any other text.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    if pairs.len() != N {
        return None;
    }
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect();
    bytes?.try_into().ok()
}

/// A number as ASCII decimal digits without a leading zero.
pub(crate) fn from_decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if !digits || leading_zero {
        return None;
    }
    text.parse().ok()
}

/// As [`from_decimal`], for numbers that fit in 32 bits.
pub(crate) fn from_decimal_u32(text: &str) -> Option<u32> {
    from_decimal(text)?.try_into().ok()
}

/// At most the first 64 characters of a text that someone else wrote, for an error message.
///
/// What a terminal would act on is escaped, so that an error can be shown as it is.
pub(crate) fn excerpt(text: &str) -> String {
    excerpt_of(text, 64)
}

/// At most the first so many characters of such a text.
pub(crate) fn excerpt_of(text: &str, most: usize) -> String {
    let mut excerpt: String = text.chars().take(most).flat_map(harmless).collect();
    if text.chars().nth(most).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// A name that someone else chose, for an error message: whole, and escaped as an excerpt is.
pub(crate) fn escape(name: &impl std::fmt::Display) -> String {
    name.to_string().chars().flat_map(harmless).collect()
}

fn harmless(char: char) -> impl Iterator<Item = char> {
    let plain = !needs_escape(char);
    let escaped = (!plain).then(|| char.escape_unicode());
    escaped.into_iter().flatten().chain(plain.then_some(char))
}

/// Control characters, and the invisible ones that reorder or join what is around them.
fn needs_escape(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_bytes_have_one_spelling() {
        assert_eq!(from_decimal("0"), Some(0));
        assert_eq!(from_decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in [
            "",
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1_0",
            "٣",
            "18446744073709551616",
        ] {
            assert_eq!(from_decimal(wrong), None, "{wrong}");
        }
        assert_eq!(from_decimal_u32("4294967295"), Some(u32::MAX));
        assert_eq!(from_decimal_u32("4294967296"), None);
        assert_eq!(from_base64("AAE="), Some(vec![0, 1]));
        for wrong in ["AAE", "AAF=", "AAE=\n", " AAE=", "AA E=", "AAE==", "-_=="] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
        assert_eq!(to_hex(&[0, 0xaf]), "00af");
        assert_eq!(from_hex("00af"), Some([0, 0xaf]));
        for wrong in ["", "00a", "00", "00af00", "00AF", "00ag", " 0af", "+0af"] {
            assert_eq!(from_hex::<2>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_excerpt_is_short_and_harmless() {
        assert_eq!(excerpt("it's"), "it's");
        assert_eq!(excerpt("a\u{1b}[31m\u{202e}"), "a\\u{1b}[31m\\u{202e}");
        assert_eq!(excerpt(&"é".repeat(65)), format!("{}…", "é".repeat(64)));
        let name = format!("{}\u{200b}", "a".repeat(65));
        assert_eq!(escape(&name), format!("{}\\u{{200b}}", "a".repeat(65)));
    }
}
