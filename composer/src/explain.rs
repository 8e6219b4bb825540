//! The long text of every error code.

/// What a code means, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The code, such as `compose::argument-type`.
    pub code: &'static str,
    /// What to do, in a sentence.
    pub help: &'static str,
    /// The whole story.
    pub text: &'static str,
}

/// The explanation of `code`.
pub fn explain(code: &str) -> Option<&'static Explanation> {
    EXPLANATIONS.iter().find(|known| known.code == code)
}

/// Every code with its explanation, in alphabetical order.
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "compose::argument-type",
        help: "build both against the same WIT, or plug a version whose types agree; \
               `tenon wit` prints what each has",
        text: "\
An export has the right name for an import, but its type is another one, so nothing can be passed \
between the two. The message leads to the first place where they differ: into the function, the \
parameter or result, the field or case.

Functions must be equal: parameters have the same names in the same order, and `async` is part of \
the type. Records must have the same fields in the same order, variants and enums the same cases, \
since their place decides how a value is laid out in memory. An interface may export more than is \
asked of it, never less.

That is so for plugs, and for the arguments in a document in WAC: there, name a version of the package whose types agree.",
    },
    Explanation {
        code: "compose::bad-name",
        help: "use a name such as `log` or `acme:log/log@1.0.0`",
        text: "\
A composition was to import or export something under a name that nothing can have. Names are words of letters and \
digits, joined by `-`, such as `key-value`; interfaces may also have the name of one in a package, with a whole version: \
`acme:log/log@1.0.0`.",
    },
    Explanation {
        code: "compose::component-import",
        help: "give the component another name, or let it be embedded",
        text: "\
A composition may import components instead of embedding them, and whoever runs it chooses what they are. \
Such an import needs a name that the Component Model allows, as `logger` or `acme:log/logger`, and that no \
other import of the composition has, not even with other upper and lower case.",
    },
    Explanation {
        code: "compose::contradiction",
        help: "leave out one of the two",
        text: "\
Two things were asked for one import that cannot both be: to be filled by two different exports, say, or to be filled and \
to stay open.",
    },
    Explanation {
        code: "compose::core-module",
        help: "make a component of it with `wasm-tools component new`, if it was built for one",
        text: "\
A core module speaks numbers and memory; a component speaks typed interfaces, and only components \
can be composed. Toolchains for components build a core module first and wrap it at the end: for a \
module that was built with `wit-bindgen`, `wasm-tools component new module.wasm -o component.wasm` \
does this, with `--adapt` if it uses WASI preview 1.",
    },
    Explanation {
        code: "compose::cycle",
        help: "leave one of them out, or split the component whose import closes the circle",
        text: "\
Each component on the circle needs the next one before it can be instantiated, and the last needs \
the first. Instances are made one after the other, so there is no first one to begin with. The \
message names every component on the circle with the import by which it needs the next.",
    },
    Explanation {
        code: "compose::digest-differs",
        help: "do not use it before you know why: fetch the composition again, or compose again",
        text: "\
The bill of materials of a composition records the SHA-256 of each component that went into it. One \
that was taken out again has another one: the composition was changed since, by a tool that \
rewrites components in it, by damage, or by somebody who did not want that to be seen. Nothing was \
written.",
    },
    Explanation {
        code: "compose::empty",
        help: "check the command that was to write it",
        text: "\
The file has no bytes. This is what a build or a download that failed leaves behind, and what a \
shell makes of `command > file` when the command prints nothing.",
    },
    Explanation {
        code: "compose::graph",
        help: "build the graph from names that the components have",
        text: "\
A composition was described by hand, with an instance, an import or an export that is not there, \
that is named twice, or whose type does not fit.",
    },
    Explanation {
        code: "compose::hoisted",
        help: "fetch the composition again, or compose again; the components cannot be had from this one",
        text: "\
Core modules that several components of a composition share are in it once, and a custom section records \
where each of them was, so that every component can be given back as it went in. What it says and what \
is there do not agree: the composition was changed since, as by a tool that rewrites components and \
leaves custom sections as they are, or the record was damaged.

The composition itself may be in order: `tenon validate` says whether it is.",
    },
    Explanation {
        code: "compose::import-conflict",
        help: "rebuild one of the two against the WIT of the other",
        text: "\
Two components import the same interface, and nothing in the composition fills it, so that it \
becomes one import of the composition. They do not agree on what is in it, and no host could \
provide both.

Components may import different parts of an interface, and different versions on one compatibility \
track: the import is then the union under the highest version. What both of them name must be the \
same.",
    },
    Explanation {
        code: "compose::invalid",
        help: "build it again with a current toolchain; `tenon validate` checks one file alone",
        text: "\
The file is a component, but breaks a rule of the format: it was damaged, or the tool that made it \
has a defect. The offset is where the first fault was found.",
    },
    Explanation {
        code: "compose::invalid-output",
        help: "please report this, with the components if you can",
        text: "\
Every composition is checked before it is handed out, and this one did not pass: a defect of \
`tenon`, not of your components. Nothing was written.",
    },
    Explanation {
        code: "compose::limit",
        help: "compose in two steps, or with fewer parts",
        text: "\
Engines and validators accept at most 4,096 instances in a component, 1,000 components in a \
component, 1,000 components and core modules in a binary, nested ones included, and 100,000 arguments \
of one instance. A composition beyond that would run nowhere, so it is refused before it is written.

Instances and components are counted for each component alone: composing some parts first, and the result with the rest, keeps \
within those limits. Core modules and nested components are counted together however deep they are.

An input is refused for what engines and validators would not take, or what no tool writes and only \
costs memory: types within types or components within components more than 100 levels deep, more than \
1,000,000 types or 100,000 instances within types with each counted wherever it is used, 100,000 data segments, 7,654,321 bytes in one \
function body, 64 MiB of sections other than code, data and custom ones (to which each section of any \
kind adds 256 bytes), 1,024 bytes in the name of an import or export, or 100,000 in any other name.",
    },
    Explanation {
        code: "compose::name-taken",
        help: "choose one with `--export INSTANCE#NAME`, or call one of them something else with `--rename export:INSTANCE#NAME=OTHER`",
        text: "\
No component may import, or export, two things under one name; names that differ only by upper and lower case, or by \
hyphens, count as one.

A composition exports what its sockets export, and what is exported beside that: where two of them have one name, it has to \
be said which is meant, or what to call the other. A name that an import is given must not be that of another import.",
    },
    Explanation {
        code: "compose::near-name",
        help: "check the spelling of the interface in the WIT of both",
        text: "\
No export has the name of the import, but one comes near: it is off by a letter or two, or only by \
upper and lower case, or it is the same interface in another namespace. Names are never matched loosely, since that would plug in what \
nobody asked for.",
    },
    Explanation {
        code: "compose::newer-than-us",
        help: "update `tenon`, or build the component with an older toolchain",
        text: "\
The Component Model grows, and a toolchain may use a part of it that this version of `tenon` was \
made before. What it does not know it cannot step over: the size of an unknown instruction is \
unknown too. Unknown custom sections, and anything new within core code, are no obstacle.",
    },
    Explanation {
        code: "compose::no-chain",
        help: "compare what they import and export: `tenon wit FILE`; or wire them one by one with `--wire`",
        text: "\
In a chain each link calls the next: it exports an interface and imports the same one, the last one exports it, and whoever \
imports it gets the first. So there must be an interface, in versions on one compatibility track, that all links but the last \
import, and all but the socket export. The message lists what each has.

Each link is an instance of its own: a component that is to stand in a chain twice is given twice.",
    },
    Explanation {
        code: "compose::no-dependency",
        help: "name components under `dependencies`, or put them as `NAME.wasm` or `NAME.wat` where they are looked for",
        text: "\
A configuration composes a root with the components that its imports name. Either the root imports no \
interface, or none of the names led to a component: not under `dependencies`, not in the folder of the \
configuration, not in a search path, and no definition exports one of them. The composition would be the \
root alone.",
    },
    Explanation {
        code: "compose::no-graph",
        help: "compose it again from the components it was made of",
        text: "\
A graph consists of instances of components that are embedded, each import of which is filled by an \
export of another instance or left to the host. The binary is wired in another way: it has code of its \
own, imports components, puts instances together from parts, or passes on what it imports as something \
else. It can be looked at and drawn all the same.",
    },
    Explanation {
        code: "compose::no-one-export",
        help: "name the export: `--wire CONSUMER#IMPORT=PROVIDER#EXPORT`",
        text: "\
An import was wired to a component, and nothing said to which of its exports. None of them has a name that fits, and by \
their types none fits, or several do, so that it cannot be guessed which is meant. `tenon wit` prints what the component \
exports.",
    },
    Explanation {
        code: "compose::not-closed",
        help: "take the components from where the composition was made from; this one has no copy of them",
        text: "\
A component may use items of the component around it: types, core modules, components. One that does so \
is nothing by itself, so that it cannot be taken out.

Core modules that `tenon` hoisted are put back, as long as the composition has the custom section that \
records them; tools that strip custom sections remove it.",
    },
    Explanation {
        code: "compose::not-found",
        help: "name its file under `dependencies`, or put it as `NAME.wasm` or `NAME.wat` where it is looked for",
        text: "\
A configuration asks for a component that is not there: it names an export of it, or it does not allow that \
interfaces stay imported. A component of some name is the one that `dependencies` has under that name, or \
else the file `NAME.wasm` or `NAME.wat` in the folder of the configuration, or else in one of the search \
paths.",
    },
    Explanation {
        code: "compose::not-wasm",
        help: "check the path; unpack it first if it is an archive",
        text: "\
A component begins with the bytes `00 61 73 6d` (\"\\0asm\"), and this file does not, or says that it \
is of a version of the format that nothing understands.",
    },
    Explanation {
        code: "compose::nothing-plugged",
        help: "compare what the socket imports with what the plugs export: `tenon wit FILE`",
        text: "\
None of the plugs exports an interface that the socket imports, if it imports anything at all. \
Perhaps socket and plug are meant the other way round: the socket is the component whose imports are \
filled, and whose exports the result has. If the socket exports what a plug imports, the message says \
so.",
    },
    Explanation {
        code: "compose::prerelease",
        help: "plug exactly the prerelease that is imported, or build both against the release",
        text: "\
The same interface is imported and exported, but one side names a prerelease of its version, such as \
1.0.0-rc.1. Before the release anything may still change, so a prerelease fits only itself: neither \
the release nor another prerelease can stand in for it.",
    },
    Explanation {
        code: "compose::read",
        help: "check that the file is there, that it may be read, and that nothing is writing to it",
        text: "\
The system could not give the bytes of an input. An input that becomes shorter while it is read is \
reported this way too.",
    },
    Explanation {
        code: "compose::resource-clash",
        help: "fill both imports from the same component, or leave both to the host",
        text: "\
A resource is a type of its own for each instance that defines it: the `input-stream` of one \
component is not that of another, nor that of the host, whatever they are called. When a component \
imports two interfaces that use one resource, both must come from where that resource comes from.

The message names the import by which the component knows the resource and the one that speaks of \
another, with who fills each. Often one of the two is filled by a component, by a plug or by an argument of a document, and \
the other is left to the host.",
    },
    Explanation {
        code: "compose::strict",
        help: "plug what is missing, drop what is useless, or do without `--strict`",
        text: "\
With `--strict` nothing may be left over: every import is filled, apart from the interfaces of the \
`wasi` namespace, which hosts provide, and those that hold only types; and every plug fills \
something.",
    },
    Explanation {
        code: "compose::text",
        help: "give a component in the binary format or as `.wat`",
        text: "\
The file is text that is neither a component in the WebAssembly text format nor anything else that \
can be composed.",
    },
    Explanation {
        code: "compose::trailing-bytes",
        help: "fetch or build it again; what follows the component must go",
        text: "\
The component is whole, but the file goes on after it: zeros from a preallocated file, or the end \
of something else. Since nobody knows what the rest is, it is not dropped silently.",
    },
    Explanation {
        code: "compose::truncated",
        help: "fetch or build it again; the file is shorter than it says it is",
        text: "\
Every section of a component says how long it is, and one of them says that it goes on past the end \
of the file. The download or the copy stopped half way.",
    },
    Explanation {
        code: "compose::two-providers",
        help: "say which is meant with `--prefer NAME`, or for this import alone with `--wire`; or leave one of \
               them out",
        text: "\
Several plugs export what one import asks for, and none of them fits better than the others. Which \
is meant cannot be guessed, and the order on the command line does not decide: `--prefer` does, or \
`--wire` for one import.

Plugs that import the interface themselves are links of a chain and come before the one that does \
not. Two different links have no order of their own: `--chain` gives it.",
    },
    Explanation {
        code: "compose::unknown-instance",
        help: "name a socket or a plug as it is called in the report: a file without its extension",
        text: "\
Sockets and plugs are called after their files, without folder and extension, or after their package. A component that is \
given several times is called `name`, `name-2` and so on, in the order in which it is given. Where files of one name hold \
different components, only their whole paths tell them apart.",
    },
    Explanation {
        code: "compose::unknown-item",
        help: "`tenon wit FILE` prints what a component imports and exports",
        text: "\
An import or an export was named that is not there, or that may be one of several. The version may be left out of a \
name where only one is there. What a composition imports may be called otherwise than in its components: several versions of one \
interface become one import, under one of them.

In a configuration, arguments and exports go by their whole names, with the version, as `acme:log/logger@1.0.0`. Where \
no export is named, the instance as a whole is taken if its exports are what is imported, or else the first of its exports \
that fits.",
    },
    Explanation {
        code: "compose::unversioned",
        help: "give the package a version in the WIT of both, and build both against it",
        text: "\
One side names the interface with a version and the other without. A name without a version promises \
nothing, so the two are different interfaces.",
    },
    Explanation {
        code: "compose::unwritable",
        help: "fill the import with a plug, so that it need not stay open",
        text: "\
An import that nothing fills becomes an import of the composition, and its type must be written down \
again. This one refers to something that has no place in the type of an import.",
    },
    Explanation {
        code: "compose::wit-package",
        help: "plug a component that implements it; `tenon wit` prints what is in it",
        text: "\
A WIT package in the binary format looks like a component, but holds only the types of interfaces \
and worlds. It says what a component would look like; there is nothing in it to run.",
    },
    Explanation {
        code: "compose::wit-text",
        help: "plug a component that was built from it",
        text: "\
WIT describes interfaces and worlds. A toolchain makes a component from it together with a program \
that implements them.",
    },
    Explanation {
        code: "compose::wrong-track",
        help: "upgrade the older of the two, or plug a version on the track that is imported",
        text: "\
Versions are compatible if they have the same major version; before 1.0.0, the same minor version; \
before 0.1.0, only if they are equal; and a prerelease only with itself. 0.2.0 and 0.2.6 are on one \
track, 0.2 and 0.3 are not: code built for one cannot use the other, even if the types look alike.",
    },
];

/// What to do about an error of this code.
pub(crate) fn help(code: &str) -> Option<&'static str> {
    explain(code).map(|explanation| explanation.help)
}

#[cfg(test)]
mod tests {
    use super::explanations;

    #[test]
    fn codes_are_sorted_and_each_is_explained() {
        assert!(explanations().is_sorted_by(|a, b| a.code < b.code));
        for explanation in explanations() {
            assert!(explanation.code.starts_with("compose::"));
            assert!(!explanation.help.is_empty() && !explanation.text.is_empty());
        }
    }

    #[test]
    fn every_code_in_the_source_is_explained() {
        let sources = [include_str!("error.rs"), include_str!("plug/report.rs")];
        for code in sources.iter().flat_map(|source| source.split('"')) {
            if let Some(name) = code.strip_prefix("compose::")
                && !name.is_empty()
            {
                assert!(super::explain(code).is_some(), "{code} is not explained");
            }
        }
    }
}
