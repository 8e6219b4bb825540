//! Which bytes of content are asked for ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110), 14).

/// What a `Range` header asks for, of content of some length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it: the header is not understood, or asks for several ranges, which is never worth it.
    Whole,
    /// From one byte to another, inclusive.
    Part(u64, u64),
    /// Nothing that there is.
    Nothing,
}

/// Reads a `Range` header.
pub(crate) fn wanted(header: &str, size: u64) -> Wanted {
    let Some(range) = header.strip_prefix("bytes=") else {
        return Wanted::Whole;
    };
    let Some((from, to)) = range.trim().split_once('-') else {
        return Wanted::Whole;
    };
    match (digits(from), digits(to)) {
        (Some(from), Some(to)) if from > to => Wanted::Whole,
        (Some(from), Some(_)) if from >= size => Wanted::Nothing,
        (Some(from), Some(to)) => Wanted::Part(from, to.min(size.saturating_sub(1))),
        (Some(from), None) if to.is_empty() => match from < size {
            true => Wanted::Part(from, size - 1),
            false => Wanted::Nothing,
        },
        (None, Some(last)) if from.is_empty() => match last > 0 && size > 0 {
            true => Wanted::Part(size.saturating_sub(last), size - 1),
            false => Wanted::Nothing,
        },
        _ => Wanted::Whole,
    }
}

/// A number, however long.
fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_clamped_refused_or_ignored() {
        for (header, expected) in [
            ("bytes=0-0", Wanted::Part(0, 0)),
            ("bytes=2-5", Wanted::Part(2, 5)),
            ("bytes=2-99", Wanted::Part(2, 9)),
            ("bytes=2-99999999999999999999999", Wanted::Part(2, 9)),
            ("bytes=9-", Wanted::Part(9, 9)),
            ("bytes=-3", Wanted::Part(7, 9)),
            ("bytes=-30", Wanted::Part(0, 9)),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=10-20", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("lines=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(header, 10), expected, "{header}");
        }
        assert_eq!(wanted("bytes=0-", 0), Wanted::Nothing);
        assert_eq!(wanted("bytes=-1", 0), Wanted::Nothing);
    }
}
