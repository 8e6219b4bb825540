//! `WWW-Authenticate`: how a registry wants to be convinced ([RFC 9110], section 11.6.1).
//!
//! [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1

/// The longest header that is looked at, and the most parameters.
const MAX_HEADER: usize = 8 << 10;
const MAX_PARAMETERS: usize = 32;

/// What a registry asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A name and a password.
    Basic,
    /// A token of a service.
    Bearer {
        realm: String,
        service: Option<String>,
        scope: Option<String>,
    },
}

impl Challenge {
    /// The challenges of a header that are understood, in its order; what is not is passed over.
    pub(super) fn parse(header: &str) -> Vec<Challenge> {
        let mut all = vec![];
        let mut rest = header.get(..MAX_HEADER).unwrap_or(header);
        if rest.len() != header.len() {
            return all;
        }
        loop {
            rest = rest.trim_start_matches([' ', '\t', ',']);
            let (scheme, after) = word(rest);
            if scheme.is_empty() {
                return all;
            }
            let (parameters, after) = parameters(after);
            rest = after;
            let find = |name: &str| {
                let found = parameters
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value.clone())
            };
            if scheme.eq_ignore_ascii_case("basic") {
                all.push(Challenge::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer")
                && let Some(realm) = find("realm")
            {
                all.push(Challenge::Bearer {
                    realm,
                    service: find("service"),
                    scope: find("scope"),
                });
            }
        }
    }
}

/// The parameters of a challenge, and what is after them.
fn parameters(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut all = vec![];
    while all.len() < MAX_PARAMETERS {
        let start = rest.trim_start_matches([' ', '\t', ',']);
        let (key, after) = word(start);
        let after = after.trim_start_matches([' ', '\t']);
        // A word without a value is the next scheme.
        let Some(value) = after.strip_prefix('=').filter(|_| !key.is_empty()) else {
            return (all, rest);
        };
        let value = value.trim_start_matches([' ', '\t']);
        let (value, after) = match value.strip_prefix('"') {
            Some(quoted) => match unquote(quoted) {
                Some(found) => found,
                None => return (all, ""),
            },
            None => {
                let (value, after) = word(value);
                (value.to_owned(), after)
            }
        };
        all.push((key.to_owned(), value));
        rest = after;
    }
    (all, "")
}

/// What is before the closing quote, and what is after it.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, text.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            char => value.push(char),
        }
    }
    None
}

fn word(text: &str) -> (&str, &str) {
    let end = text
        .find(|char: char| !(char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(char)));
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read_to_its_end(header in "[Bb]asic|[a-zA-Z=,\" \\\\é]{0,60}(Bearer realm=)?.{0,60}") {
            proptest::prop_assert!(Challenge::parse(&header).len() <= header.len());
        }
    }

    #[test]
    fn what_registries_ask_is_understood() {
        let full = r#"Bearer realm="https://a.example/token",service="a.example",scope="repository:b/c:pull,push""#;
        let expected = bearer(
            "https://a.example/token",
            Some("a.example"),
            Some("repository:b/c:pull,push"),
        );
        assert_eq!(Challenge::parse(full), [expected]);
        let both = r#"Basic realm="a \"b\", c", bearer  Realm = x"#;
        assert_eq!(
            Challenge::parse(both),
            [Challenge::Basic, bearer("x", None, None)]
        );
        assert_eq!(Challenge::parse("Negotiate, BASIC"), [Challenge::Basic]);
        for nothing in [
            "",
            ",",
            "Digest realm=\"x\"",
            "Bearer service=\"x\"",
            "Bearer realm=\"x",
            "=",
            "\"",
            "é",
        ] {
            assert_eq!(Challenge::parse(nothing), [], "{nothing}");
        }
        assert_eq!(Challenge::parse(&"Basic ".repeat(10_000)), []);
    }
}
