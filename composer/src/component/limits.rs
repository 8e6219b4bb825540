//! How much of anything is taken from one input. Nothing that tools make comes near.

/// How many components and core modules a binary may have, nested ones and itself included.
pub(crate) const MAX_PARTS: u64 = 1000;
/// How deep types may hold types, and how deep components may be nested. It is the validator's own
/// limit for types: walking through them needs a bounded stack.
pub(crate) const MAX_NESTING: u64 = 100;
/// How many arguments an instance may be made with.
pub(crate) const MAX_ARGUMENTS: u64 = 100_000;
/// How many items a component may have of each kind.
pub(crate) const MAX_ITEMS: u64 = 1_000_000;
/// How many bytes of sections that describe something are read: all but code, data and custom ones.
pub(crate) const MAX_DESCRIPTION: u64 = 64 << 20;
/// What each section adds to that, since looking at it takes time even if it is empty.
pub(crate) const SECTION_COST: u64 = 256;
/// How many bytes a function body may have.
pub(crate) const MAX_BODY: u64 = 7_654_321;
/// How many data segments a core module may have.
pub(crate) const MAX_SEGMENTS: u64 = 100_000;
/// How many bytes any name may have.
pub(crate) const MAX_STRING: u64 = 100_000;
/// How many bytes of names, versions, producers and the like are kept of one input.
pub(crate) const MAX_METADATA: u64 = 16 << 20;
/// How many bytes the name of an import or export may have: each instance of a type has names of its
/// own, so that a long one could be multiplied by thousands.
pub(crate) const MAX_NAME: u64 = 1024;

/// How many instances its types may hold, each type counted wherever it is used.
pub(crate) const MAX_EXPANSION: u64 = 100_000;

/// A limit that was passed: what there is too much of, and how many there may be.
pub(crate) type Limit = (&'static str, u64);

/// The name of what [`MAX_NESTING`] is for, of types.
pub(crate) const NESTED_TYPES: &str = "levels of types within types";
/// The name of what [`MAX_NESTING`] is for, of components.
pub(crate) const NESTED_COMPONENTS: &str = "levels of components within components";
/// The name of what [`MAX_PARTS`] is for.
pub(crate) const PARTS: &str = "components and core modules, nested ones included";
/// The name of what [`MAX_DESCRIPTION`] is for.
pub(crate) const DESCRIPTION: &str = "bytes of sections that describe it";

/// The limit that a message of the validator is about.
pub(crate) fn limit_of(message: &str) -> Option<Limit> {
    const KNOWN: [(&str, &str, u64); 14] = [
        ("type nesting is too deep", NESTED_TYPES, MAX_NESTING),
        (
            "component type nesting is too deep",
            NESTED_TYPES,
            MAX_NESTING,
        ),
        (
            "effective type size exceeds the limit of",
            "types within its types, each counted wherever it is used",
            MAX_ITEMS,
        ),
        ("modules and components count exceeds", PARTS, MAX_PARTS),
        ("modules count exceeds", "core modules", 1000),
        ("components count exceeds", "components", 1000),
        ("instances count exceeds", "instances", 4096),
        ("functions count exceeds", "functions", MAX_ITEMS),
        ("values count exceeds", "values", 1000),
        ("types count exceeds", "types", MAX_ITEMS),
        ("exports count exceeds", "exports", MAX_ITEMS),
        (
            "instantiation arguments size",
            "arguments of one instance",
            MAX_ARGUMENTS,
        ),
        (
            "function body size count exceeds",
            "bytes in one function body",
            MAX_BODY,
        ),
        ("data segments count exceeds", "data segments", MAX_SEGMENTS),
    ];
    let known = KNOWN.iter().find(|(start, ..)| message.starts_with(start));
    known.map(|(_, what, max)| (*what, *max))
}
