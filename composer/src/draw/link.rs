//! Links that a drawing may carry.

/// The longest link that is taken.
const MAX: usize = 2000;

/// A link to a page of the web, or nothing: whoever follows it must not come to anything else, such
/// as a script.
pub(super) fn web(link: &str) -> Option<String> {
    let link = link.trim();
    let (scheme, rest) = link.split_once("://")?;
    let is_web = ["http", "https"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    let starts_with_a_host = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
    let is_plain = link.len() <= MAX
        && link
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&byte));
    (is_web && starts_with_a_host && is_plain).then(|| link.to_owned())
}
