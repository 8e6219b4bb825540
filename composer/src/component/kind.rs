//! What a file is, told from its first bytes.

/// What the first bytes of an input say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Nothing at all.
    Empty,
    /// A component in the binary format.
    Component,
    /// A core module in the binary format.
    CoreModule,
    /// The binary format, in a version that is neither of today's.
    OtherWasm,
    /// WebAssembly text: `(component` or `(module`.
    Wat,
    /// Text that looks like WIT.
    Wit,
    /// Other text.
    Text,
    /// Something else, with its name if it is known: `gzip archive`.
    Other(Option<&'static str>),
}

impl Kind {
    /// How many bytes [`Kind::of`] looks at.
    pub const PREFIX: usize = 512;

    /// Tells what an input is from its first [`Kind::PREFIX`] bytes, or all of them if it has fewer.
    pub fn of(prefix: &[u8]) -> Kind {
        const KNOWN: [(&[u8], &str); 7] = [
            (b"\x1f\x8b", "a gzip archive"),
            (b"PK\x03\x04", "a zip archive"),
            (b"\x28\xb5\x2f\xfd", "a zstd archive"),
            (b"\x7fELF", "an ELF program"),
            (b"MZ", "a Windows program"),
            (b"\xcf\xfa\xed\xfe", "a macOS program"),
            (b"BC\xc0\xde", "LLVM bitcode"),
        ];
        if prefix.is_empty() {
            return Kind::Empty;
        }
        // What is cut within the header is taken for a component, and found to be cut.
        if b"\0asm".starts_with(prefix) {
            return Kind::Component;
        }
        if let Some(version) = prefix.strip_prefix(b"\0asm") {
            return match version.get(2..4) {
                Some([0, 0]) => Kind::CoreModule,
                Some([1, 0]) | None => Kind::Component,
                _ => Kind::OtherWasm,
            };
        }
        if let Some((_, name)) = KNOWN.iter().find(|(magic, _)| prefix.starts_with(magic)) {
            return Kind::Other(Some(name));
        }
        let text = match std::str::from_utf8(prefix) {
            Ok(text) => text,
            // A character may be cut at the end of the prefix.
            Err(error) if prefix.len() >= Kind::PREFIX && error.error_len().is_none() => {
                std::str::from_utf8(prefix.get(..error.valid_up_to()).unwrap_or_default())
                    .unwrap_or_default()
            }
            Err(_) => return Kind::Other(None),
        };
        if text.contains('\0') {
            return Kind::Other(None);
        }
        Kind::of_text(text)
    }

    fn of_text(text: &str) -> Kind {
        for line in text.lines().map(str::trim) {
            let first = line.split([' ', '{', '(', ';']).next().unwrap_or_default();
            match first {
                _ if line.is_empty() || line.starts_with("//") || line.starts_with("/*") => {}
                _ if line.starts_with(";;") || line.starts_with("(;") || line.starts_with('(') => {
                    return Kind::Wat;
                }
                "package" | "interface" | "world" | "use" => return Kind::Wit,
                _ if line.starts_with('@') => return Kind::Wit,
                _ => return Kind::Text,
            }
        }
        Kind::Text
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;

    #[test]
    fn tells_kinds_apart() {
        let cases: [(&[u8], Kind); 14] = [
            (b"", Kind::Empty),
            (b"\0", Kind::Component),
            (b"\0a", Kind::Component),
            (b"\0asm\x0d\0\x01\0", Kind::Component),
            (b"\0asm\x01\0\0\0", Kind::CoreModule),
            (b"\0asm", Kind::Component),
            (b"\0asm\x0d\0\x02\0", Kind::OtherWasm),
            (b"(component)", Kind::Wat),
            (b";; a comment\n(component)", Kind::Wat),
            (b"// a comment\npackage a:b;", Kind::Wit),
            (b"hello", Kind::Text),
            (b"\x1f\x8b\x08", Kind::Other(Some("a gzip archive"))),
            (b"\xff\xfe\x00", Kind::Other(None)),
            (b"world w {}", Kind::Wit),
        ];
        for (bytes, kind) in cases {
            assert_eq!(Kind::of(bytes), kind, "{bytes:?}");
        }
    }
}
