//! Files in which git left both sides of a merge, in the styles `merge`, `diff3` and `zdiff3`.

/// Why a text with the markers of a conflict cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConflictError {
    /// A conflict begins inside another.
    #[error("line {line}: a merge conflict begins inside another one")]
    Nested {
        /// The line, from 1.
        line: usize,
    },
    /// A marker is where none can be.
    #[error("line {line}: this marker of a merge conflict belongs to none that began")]
    Stray {
        /// The line, from 1.
        line: usize,
    },
    /// The last conflict does not end.
    #[error("line {line}: the merge conflict that begins here does not end")]
    Unfinished {
        /// The line where it begins, from 1.
        line: usize,
    },
}

/// Ours and theirs, each the whole text as that side has it; `None` if there are no markers.
///
/// # Errors
///
/// The markers do not make whole conflicts: some were removed by hand, or one is inside another.
pub fn sides(text: &str) -> Result<Option<(String, String)>, ConflictError> {
    if !has_markers(text) {
        return Ok(None);
    }
    let (mut ours, mut theirs) = (String::new(), String::new());
    let (mut part, mut begin) = (Part::Both, 0);
    for (line, whole) in (1..).zip(text.split_inclusive('\n')) {
        part = match (marker(whole), part) {
            (Some(Marker::Begin), Part::Both) => {
                begin = line;
                Part::Ours
            }
            (Some(Marker::Begin), _) => return Err(ConflictError::Nested { line }),
            (Some(Marker::Base), Part::Ours) => Part::Base,
            (Some(Marker::Middle), Part::Ours | Part::Base) => Part::Theirs,
            (Some(Marker::End), Part::Theirs) => Part::Both,
            // Outside of a conflict, a line of `=` can be what someone wrote.
            (Some(Marker::Base | Marker::End), _) | (Some(Marker::Middle), Part::Theirs) => {
                return Err(ConflictError::Stray { line });
            }
            (Some(Marker::Middle) | None, part) => {
                if matches!(part, Part::Both | Part::Ours) {
                    ours.push_str(whole);
                }
                if matches!(part, Part::Both | Part::Theirs) {
                    theirs.push_str(whole);
                }
                part
            }
        };
    }
    match part {
        Part::Both => Ok(Some((ours, theirs))),
        _ => Err(ConflictError::Unfinished { line: begin }),
    }
}

/// Whether a text has markers of a conflict, whole or not.
pub fn has_markers(text: &str) -> bool {
    first_marker(text).is_some()
}

/// The line of the first marker that nothing but git writes, from 1.
pub(super) fn first_marker(text: &str) -> Option<usize> {
    let mut lines = (1..).zip(text.split('\n'));
    let found = lines.find(|(_, line)| marker(line).is_some_and(|it| it != Marker::Middle));
    found.map(|(line, _)| line)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Marker {
    Begin,
    Base,
    Middle,
    End,
}

/// Whose lines these are.
#[derive(Clone, Copy)]
enum Part {
    Both,
    Ours,
    Base,
    Theirs,
}

fn marker(line: &str) -> Option<Marker> {
    let line = line.trim_end_matches(['\r', '\n']);
    let markers = [
        ("<<<<<<<", Marker::Begin),
        ("|||||||", Marker::Base),
        ("=======", Marker::Middle),
        (">>>>>>>", Marker::End),
    ];
    markers.into_iter().find_map(|(text, marker)| {
        // What follows is a label; a longer run is the marker of a merge inside the base.
        let rest = line.strip_prefix(text)?;
        (rest.is_empty() || rest.starts_with(' ')).then_some(marker)
    })
}
