//! The head of a request, looked at strictly: where it ends, and how long the body is.
//!
//! Two readers that disagree about that can be played against each other
//! ([RFC 9112](https://www.rfc-editor.org/rfc/rfc9112), 11.2), so whatever could be read in two ways is refused.

use tenon_registry_client::api::ProblemCode;

/// The most that a head may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// All of it, in bytes.
    pub(super) bytes: usize,
    /// Its header lines.
    pub(super) headers: usize,
    /// The URL, in bytes.
    pub(super) url: usize,
}

/// How the body of a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes.
    Length(u64),
    /// Where it says so.
    Chunked,
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: ProblemCode,
    pub(super) detail: &'static str,
}

/// Of a first line that is no request's, so many words are looked at.
const MOST_WORDS: usize = 4;

/// The length of the head that the bytes begin with, if they have it whole. The first `scanned` of
/// them were looked at before.
pub(super) fn find_end(
    bytes: &[u8],
    scanned: &mut usize,
    limits: &Limits,
) -> Result<Option<usize>, Refusal> {
    let mut at = *scanned;
    while let Some(found) = bytes.get(at..).and_then(|rest| position(rest, b'\n')) {
        let line_end = at + found;
        if line_end > limits.bytes {
            return Err(TOO_LARGE);
        }
        let before = bytes.get(..line_end).unwrap_or_default();
        if !before.ends_with(b"\r") {
            return Err(invalid("a line of the head does not end in CR LF"));
        }
        if before.ends_with(b"\r\n\r") {
            return Ok(Some(line_end + 1));
        }
        at = line_end + 1;
    }
    *scanned = at;
    if bytes.len() <= limits.bytes {
        return Ok(None);
    }
    // The request line has not ended yet, so it is the URL that is long.
    Err(if at == 0 { URL_TOO_LONG } else { TOO_LARGE })
}

/// Says how the body ends after a head, which ends in an empty line.
pub(super) fn examine(head: &[u8], limits: &Limits) -> Result<Framing, Refusal> {
    let Ok(head) = std::str::from_utf8(head) else {
        return Err(invalid("the head is not text"));
    };
    let mut lines = head.strip_suffix("\r\n\r\n").unwrap_or(head).split("\r\n");
    let is_1_1 = request_line(lines.next().unwrap_or_default(), limits)?;
    let (mut length, mut chunked, mut hosts) = (None, false, 0_u32);
    let mut count = 0;
    for line in lines {
        count += 1;
        if count > limits.headers {
            return Err(TOO_LARGE);
        }
        let (name, value) = header(line)?;
        if name.eq_ignore_ascii_case("content-length") {
            let number = digits(value).ok_or(invalid("`content-length` is not a number"))?;
            if length.replace(number).is_some() {
                return Err(invalid("`content-length` is there twice"));
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case("chunked") {
                return Err(invalid("the only `transfer-encoding` is `chunked`, once"));
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case("host") {
            hosts += 1;
        }
    }
    if hosts > 1 || (hosts == 0 && is_1_1) {
        return Err(invalid("there is not exactly one `host`"));
    }
    match (length, chunked) {
        (Some(_), true) => Err(invalid(
            "there are both `content-length` and `transfer-encoding`",
        )),
        (None, true) if !is_1_1 => Err(invalid("`transfer-encoding` is not in HTTP/1.0")),
        (None, true) => Ok(Framing::Chunked),
        (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

/// What may have been meant for the path, in the first line of what is no head.
pub(super) fn paths(bytes: &[u8]) -> impl Iterator<Item = &str> {
    let line = bytes.split(|byte| *byte == b'\n').next();
    let words = line.unwrap_or_default().split(u8::is_ascii_whitespace);
    let words = words.filter(|word| !word.is_empty()).take(MOST_WORDS);
    words.filter_map(|word| {
        // What is behind it may be no text, or too long to be there whole.
        let end = word.iter().position(|byte| b"?#".contains(byte));
        let word = word.get(..end.unwrap_or(word.len()))?;
        let text = match std::str::from_utf8(word) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(word.get(..error.valid_up_to())?).ok()?,
        };
        match text.split_once("://") {
            Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)),
            None => Some(text),
        }
    })
}

/// Whether it is of HTTP/1.1 rather than 1.0.
fn request_line(line: &str, limits: &Limits) -> Result<bool, Refusal> {
    let mut parts = line.split(' ');
    let mut part = || parts.next().unwrap_or_default();
    let (method, target, version) = (part(), part(), part());
    if target.len() > limits.url {
        return Err(URL_TOO_LONG);
    }
    let method_is_word = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    if !method_is_word || method == "CONNECT" || target.is_empty() || parts.next().is_some() {
        return Err(invalid("the first line is not that of a request"));
    }
    let ascii = target.bytes().all(|byte| byte.is_ascii_graphic());
    if !ascii || http::Uri::try_from(target).is_err() {
        return Err(invalid("the URL is not one"));
    }
    match version {
        "HTTP/1.1" => Ok(true),
        "HTTP/1.0" => Ok(false),
        _ => Err(invalid("only HTTP/1.1 is spoken here")),
    }
}

fn header(line: &str) -> Result<(&str, &str), Refusal> {
    if line.starts_with([' ', '\t']) {
        return Err(invalid("a header is folded into several lines"));
    }
    let (name, value) = line.split_once(':').ok_or(invalid("a header has no `:`"))?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err(invalid("a header has a name that no header has"));
    }
    let control = |byte: u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    if value.bytes().any(control) {
        return Err(invalid("a header has a control character"));
    }
    Ok((name, value.trim_matches([' ', '\t'])))
}

fn digits(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

fn position(bytes: &[u8], wanted: u8) -> Option<usize> {
    bytes.iter().position(|byte| *byte == wanted)
}

fn invalid(detail: &'static str) -> Refusal {
    let code = ProblemCode::RequestInvalid;
    Refusal { code, detail }
}

const TOO_LARGE: Refusal = Refusal {
    code: ProblemCode::HeadersTooLarge,
    detail: "the headers are larger, or more, than this registry takes",
};

const URL_TOO_LONG: Refusal = Refusal {
    code: ProblemCode::UriTooLong,
    detail: "the URL is longer than this registry takes",
};

#[cfg(test)]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop where it fails"
)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        bytes: 1024,
        headers: 4,
        url: 64,
    };

    fn read(head: &str) -> Result<Option<Framing>, Refusal> {
        // However the bytes are cut, the end is found at the same place.
        let whole = find_end(head.as_bytes(), &mut 0, &LIMITS);
        let mut scanned = 0;
        let by_byte = (1..=head.len()).find_map(|to| {
            let found = find_end(&head.as_bytes()[..to], &mut scanned, &LIMITS);
            (found != Ok(None)).then_some(found)
        });
        assert_eq!(whole, by_byte.unwrap_or(Ok(None)));
        whole?
            .map(|end| examine(&head.as_bytes()[..end], &LIMITS))
            .transpose()
    }

    #[test]
    fn a_body_ends_in_one_way() {
        let get = "GET / HTTP/1.1\r\nHost: a\r\n";
        assert_eq!(read(&format!("{get}\r\nGET")), Ok(Some(Framing::Length(0))));
        assert_eq!(read(get), Ok(None));
        for (line, framing) in [
            ("Content-Length: 12", Framing::Length(12)),
            ("content-length:\t0012 ", Framing::Length(12)),
            ("Transfer-Encoding: Chunked", Framing::Chunked),
        ] {
            assert_eq!(
                read(&format!("{get}{line}\r\n\r\n")),
                Ok(Some(framing)),
                "{line}"
            );
        }
        for lines in [
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: 1, 1",
            "Content-Length: +1",
            "Content-Length: ",
            "Content-Length: 18446744073709551616",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked\r\nContent-Length: 1",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding : chunked",
            "A: b\r\n c",
            "A: b\nB: c",
            "A: b\rB: c",
            "A: \0",
            "no colon",
            ": nothing",
            "Host: b",
        ] {
            let refused = read(&format!("{get}{lines}\r\n\r\n")).unwrap_err();
            assert_eq!(refused.code, ProblemCode::RequestInvalid, "{lines}");
        }
        for head in [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
            "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
            "get / HTTP/1.1\r\nHost: a\r\n\r\n",
            "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /\u{430} HTTP/1.1\r\nHost: a\r\n\r\n",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(
                read(head).unwrap_err().code,
                ProblemCode::RequestInvalid,
                "{head}"
            );
        }
    }

    #[test]
    fn what_was_asked_for_is_found_in_what_is_no_request() {
        for (head, found) in [
            ("GET  /v2/ HTTP/1.1\r\n", &["GET", "/v2/", "HTTP/1.1"][..]),
            ("/v2/a\r\nGET /b HTTP/1.1\r\n", &["/v2/a"]),
            ("get\t/v2/a?b=/c\tHTTP/3", &["get", "/v2/a", "HTTP/3"]),
            ("GET http://a/v2/ \u{e4}", &["GET", "/v2/", "\u{e4}"]),
            ("GET http://a", &["GET"]),
            ("a b c d e", &["a", "b", "c", "d"]),
            ("", &[]),
            ("\r\nGET /v2/", &[]),
        ] {
            assert!(paths(head.as_bytes()).eq(found.iter().copied()), "{head}");
        }
        assert!(paths(b"GET /v2/a\xffb").eq(["GET", "/v2/a"]));
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_ends() {
        let code = |head: &str| read(head).unwrap_err().code;
        assert_eq!(
            code(&format!("GET /{}", "a".repeat(2000))),
            ProblemCode::UriTooLong
        );
        let head = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "a".repeat(64));
        assert_eq!(code(&head), ProblemCode::UriTooLong);
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\nA: {}", "a".repeat(2000));
        assert_eq!(code(&head), ProblemCode::HeadersTooLarge);
        let head = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "A: b\r\n".repeat(4));
        assert_eq!(code(&head), ProblemCode::HeadersTooLarge);
    }
}
