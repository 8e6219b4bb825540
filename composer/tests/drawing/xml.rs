//! A strict reader of the XML that pictures consist of: elements, attributes and text, nothing else.

use std::collections::BTreeMap;

/// An element.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) children: Vec<Element>,
    /// The text right within it, without that of its children.
    pub(crate) text: String,
}

impl Element {
    /// It and all within it, in the order of the document.
    pub(crate) fn all(&self) -> Vec<&Element> {
        let mut all = vec![self];
        for child in &self.children {
            all.extend(child.all());
        }
        all
    }

    pub(crate) fn has_class(&self, class: &str) -> bool {
        let classes = self.attributes.get("class");
        classes.is_some_and(|classes| classes.split(' ').any(|other| other == class))
    }
}

/// Reads a document of one element and a line feed.
pub(crate) fn parse(text: &str) -> Result<Element, String> {
    // Characters that XML 1.0 does not have, section 2.2.
    let is_illegal = |c: char| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    if let Some(c) = text.chars().find(|c| is_illegal(*c)) {
        return Err(format!("there is {c:?}"));
    }
    let mut rest = text;
    let mut open: Vec<Element> = Vec::new();
    loop {
        if let Some(after) = rest.strip_prefix("</") {
            let (name, after) = after.split_once('>').ok_or("an end tag without an end")?;
            let element = open.pop().ok_or("an end tag without a start tag")?;
            if element.name != name {
                return Err(format!("{} ends as {name}", element.name));
            }
            rest = after;
            match open.last_mut() {
                Some(outer) => outer.children.push(element),
                None if rest == "\n" => return Ok(element),
                None => return Err(format!("{rest:?} follows")),
            }
        } else if let Some(after) = rest.strip_prefix('<') {
            let (element, is_empty, after) = start_tag(after)?;
            rest = after;
            match (is_empty, open.last_mut()) {
                (false, _) => open.push(element),
                (true, Some(outer)) => outer.children.push(element),
                (true, None) => return Err("nothing but an empty element".to_owned()),
            }
        } else {
            let end = rest.find('<').ok_or("text goes on to the end")?;
            let outer = open.last_mut().ok_or("text outside of elements")?;
            if rest[..end].contains("]]>") {
                return Err("the end of a section in text".to_owned());
            }
            outer.text.push_str(&unescaped(&rest[..end])?);
            rest = &rest[end..];
        }
    }
}

/// A start tag after its `<`: the element, whether it is empty, and what follows.
fn start_tag(text: &str) -> Result<(Element, bool, &str), String> {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric())
        .ok_or("a tag without an end")?;
    let mut element = Element {
        name: text[..end].to_owned(),
        ..Element::default()
    };
    if element.name.is_empty() {
        return Err(format!("no name: {:.20}", &text));
    }
    let mut rest = &text[end..];
    loop {
        if let Some(after) = rest.strip_prefix("/>") {
            return Ok((element, true, after));
        }
        if let Some(after) = rest.strip_prefix('>') {
            return Ok((element, false, after));
        }
        rest = rest
            .strip_prefix(' ')
            .ok_or("no space before an attribute")?;
        let (name, after) = rest
            .split_once("=\"")
            .ok_or("an attribute without a value")?;
        if !name.chars().all(|c| c.is_ascii_alphabetic() || c == '-') || name.is_empty() {
            return Err(format!("attribute {name:?}"));
        }
        let (value, after) = after.split_once('"').ok_or("a value without an end")?;
        if value.contains('<') {
            return Err(format!("{value:?}"));
        }
        if element
            .attributes
            .insert(name.to_owned(), unescaped(value)?)
            .is_some()
        {
            return Err(format!("attribute {name} twice"));
        }
        rest = after;
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, after) = part
            .split_once(';')
            .ok_or("an ampersand that begins nothing")?;
        out.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => return Err(format!("entity {other:?}")),
        });
        out.push_str(after);
    }
    Ok(out)
}
