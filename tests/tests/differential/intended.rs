//! Where other tools and we differ, and why that is meant.
//!
//! Every difference that is found must be one of these, and each of these must be found.

use crate::ours::Trait;
use crate::peers::Peer;
use std::collections::BTreeSet;

/// A difference that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The case.
    pub(crate) case: String,
    /// Who differs from us.
    pub(crate) peer: Peer,
    /// What is special about the case.
    pub(crate) traits: BTreeSet<Trait>,
    /// What sort of difference it is.
    pub(crate) kind: Kind,
    /// What differs.
    pub(crate) text: String,
    /// Whether that is an import which is filled.
    pub(crate) is_filled: bool,
    /// Whether that is an export which others imply.
    pub(crate) is_implied: bool,
}

/// What sort of difference it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// We compose, they give an error or what is not valid.
    OnlyWe,
    /// They compose, we give an error.
    OnlyThey,
    /// They panic, whatever we do.
    Panic,
    /// We give an error, and they what is not valid.
    TheyInvalid,
    /// Both compose, and the worlds differ.
    Worlds,
}

/// A difference that is meant.
pub(crate) struct Intended {
    /// What differs, in a few words.
    pub(crate) what: &'static str,
    /// Whether it is this one.
    pub(crate) is: fn(&Found) -> bool,
    /// Why we do as we do.
    pub(crate) reason: &'static str,
    /// Where others talk of it, if they do.
    pub(crate) reference: &'static str,
}

impl Found {
    fn has(&self, which: Trait) -> bool {
        self.traits.contains(&which)
    }

    fn says(&self, text: &str) -> bool {
        self.text.contains(text)
    }

    fn is_wac(&self) -> bool {
        matches!(self.peer, Peer::WacPlug | Peer::WacGraph)
    }
}

/// All of them; a difference is the first that fits.
pub(crate) const INTENDED: &[Intended] = &[
    Intended {
        what: "names with attributes",
        is: |found| {
            found.has(Trait::Attributes)
                && (found.says("invalid interface version")
                    || found.kind == Kind::Worlds
                        && ["another build", "expected `external-id`"]
                            .iter()
                            .any(|text| found.says(text)))
        },
        reason: "version suffixes, `implements` and `external-id` are carried; without its suffix a \
                 canonical name is no name",
        reference: "",
    },
    Intended {
        what: "plugs fill plugs",
        is: |found| {
            found.peer == Peer::WacPlug
                && found.has(Trait::PlugIntoPlug)
                && (found.kind == Kind::Worlds && found.says("only they import")
                    || found.kind == Kind::OnlyWe && found.says("resource types are not the same"))
        },
        reason: "what a plug imports is filled by the other plugs, and does not leak out",
        reference: "bytecodealliance/wac#95",
    },
    Intended {
        what: "plugs in a circle",
        is: |found| found.peer == Peer::WacPlug && found.says("compose::cycle"),
        reason: "plugs fill each other's imports, so that those which need each other are a circle; \
                 there, their imports stay open",
        reference: "",
    },
    Intended {
        what: "two plugs for a plug",
        is: |found| found.peer == Peer::WacPlug && found.says("compose::two-providers"),
        reason: "two plugs that fill one import are an error, whoever has the import; there, the imports \
                 of plugs stay open",
        reference: "",
    },
    Intended {
        what: "the better of two plugs",
        is: |found| found.peer == Peer::WacPlug && found.says("has already been passed"),
        reason: "of two plugs the one that fits by name is taken before one of a compatible version, \
                 and a link of a chain before its end; there, the second is an error",
        reference: "",
    },
    Intended {
        what: "one export fills several imports",
        is: |found| found.peer == Peer::WacPlug && found.has(Trait::OneFillsSeveral),
        reason: "an export fills each import on its track; there, only the first",
        reference: "",
    },
    Intended {
        what: "newer opcodes",
        is: |found| found.is_wac() && found.says("invalid leading byte"),
        reason: "they have an older reader, which does not know all canonical functions",
        reference: "",
    },
    Intended {
        what: "implied exports",
        is: |found| {
            found.kind == Kind::Worlds
                && found.is_implied
                && (found.says("only we export") || found.says("the resource is another one"))
        },
        reason: "an exported interface brings those whose types it uses, if plugs own them; without \
                 them nobody could name the types",
        reference: "bytecodealliance/wac#141",
    },
    Intended {
        what: "the version of a merged import",
        is: |found| {
            found.is_wac()
                && found.has(Trait::MergedTrack)
                && found.kind == Kind::Worlds
                && found.says("import")
        },
        reason: "the highest version that anyone imports is what the host must have; there, it is \
                 that of whichever comes first",
        reference: "",
    },
    Intended {
        what: "a filled interface, imported as well",
        is: |found| {
            found.is_wac()
                && found.kind == Kind::Worlds
                && found.is_filled
                && (found.says("only they import") || found.says("is missing"))
        },
        reason: "an open import that uses value types of a filled interface is written with those \
                 types; there, the filled interface is asked of the host too",
        reference: "",
    },
    Intended {
        what: "compatible imports stay apart",
        is: |found| {
            found.peer == Peer::WasmCompose
                && found.has(Trait::MergedTrack)
                && (found.kind == Kind::Worlds && found.says("only they import")
                    || found.kind == Kind::OnlyWe && found.says("resource types are not the same"))
        },
        reason: "imports of one interface on one track are one import, and so are their resources",
        reference: "",
    },
    Intended {
        what: "a resource is that of an instance",
        is: |found| {
            found.peer == Peer::WasmCompose
                && found.kind == Kind::OnlyWe
                && found.says("is not compatible with target")
        },
        reason: "a resource belongs to the instance that has it; there, to a component, so that what \
                 a component imports and what it exports under one name are taken for the same",
        reference: "",
    },
    Intended {
        what: "a resource imported by itself",
        is: |found| {
            found.peer == Peer::WasmCompose && found.kind == Kind::OnlyWe && found.says("conflicts")
        },
        reason: "imports of one name that agree are merged, resources too",
        reference: "",
    },
    Intended {
        what: "panics",
        is: |found| {
            found.kind == Kind::Panic
                && (found.says("should have been handled") || found.says("state.scopes.is_empty()"))
        },
        reason: "nothing panics: a graph that cannot be is an error, which names the import at fault",
        reference: "",
    },
    Intended {
        what: "mixed resources are not seen",
        is: |found| {
            found.kind == Kind::TheyInvalid && found.says("resource types are not the same")
        },
        reason: "resources are followed before anything is written, and a clash is blamed on the edge \
                 that caused it; there, it comes out as an error of the validator",
        reference: "",
    },
];
