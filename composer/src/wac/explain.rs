//! The long text of every error code of documents.

use crate::explain::Explanation;

/// Every code of an error in the text of a document with its explanation, in alphabetical order.
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "wac::ambiguous-name",
        help: "write the whole name as a string, with its version",
        text: "\
An identifier stands for an import or export of that name, or for the only interface whose name ends in it: `log` for \
`acme:log/log@1.0.0`. Where several interfaces end in it, or where there are several versions of the interface that a string \
names, it is not clear which is meant.",
    },
    Explanation {
        code: "wac::attribute",
        help: "leave the attribute out, or put it before an item that can have it",
        text: "\
Attributes stand before an item: `@since(version = 1.0.0)`, `@unstable(feature = name)`, `@deprecated(version = 1.0.0)` and \
`@external-id(\"name\")`. An item has each of them once at most. Packages and `let` statements have none; interfaces, worlds \
and `include` have no external id.",
    },
    Explanation {
        code: "wac::borrow-in-result",
        help: "let the function give the resource itself, or something that it has",
        text: "\
What is borrowed belongs to the caller until the call is over, so a function can take a `borrow<r>` but cannot give one. That is so \
wherever the `borrow` is in the result: in a `list`, in a record, or in a type with a name.",
    },
    Explanation {
        code: "wac::character",
        help: "remove the character; in a string, write it as `\\u{…}`",
        text: "\
Some characters make a document look other than it is: those that change the direction of text, control characters, and \
a few that Unicode discourages. As in WIT they must not be anywhere in a document, not even in comments.",
    },
    Explanation {
        code: "wac::circle",
        help: "take one of them out of the circle",
        text: "\
Types, interfaces and worlds may be declared in any order, but none can need itself: a type that has itself in it would have no \
end, and an interface that uses a type of another one cannot be used by that one. The message names all of the circle. A \
resource breaks it: its functions may speak of anything.",
    },
    Explanation {
        code: "wac::comment",
        help: "end the comment with `*/`, once for each `/*` in it",
        text: "\
A comment that begins with `/*` goes on to its `*/`. Comments can be inside of comments, so each `/*` in one needs a `*/` of \
its own.",
    },
    Explanation {
        code: "wac::depth",
        help: "give a name to a part of it, and use the name",
        text: "\
Types and expressions can be inside of each other, but not without limit: a document that goes deeper is more likely made \
to exhaust what reads it. A type gets a name with `type`, the value of an expression with `let`.",
    },
    Explanation {
        code: "wac::duplicate-argument",
        help: "leave out one of the arguments",
        text: "\
Each import of a component gets one thing. An argument without a name is for the import of the interface that it is an \
instance of, so that two arguments may be for the same import though they are called otherwise. What stands behind `...name` only \
counts for imports that have nothing yet.",
    },
    Explanation {
        code: "wac::duplicate-export",
        help: "give one of them another name: `export … as name;`",
        text: "\
The exports of a component have names of their own, which differ by more than upper and lower case. What a document declares \
outside of `export` statements, such as an interface or a type, is exported under its own name too.",
    },
    Explanation {
        code: "wac::duplicate-import",
        help: "use the name of the first one, or import it as something else: `import name as other: …;`",
        text: "\
A document imports each name with one statement; what it imports can be given to as many instances as need it. What \
components import themselves, and are given nothing for, is one import with that of the statement, if they have the same name.",
    },
    Explanation {
        code: "wac::duplicate-item",
        help: "give one of them another name",
        text: "\
The packages of a document, what it declares, the types and functions of an interface, the imports of a world and its exports each \
have names of their own. Two that differ in capital letters only are the same name. A type that is used from elsewhere can have \
another name here: `use other.{t as u}`.",
    },
    Explanation {
        code: "wac::duplicate-member",
        help: "leave one of them out, or give it another name",
        text: "\
The fields of a record, the cases of a variant or an enum, flags, the parameters of a function and the functions of a resource each \
have a name of their own, and a resource has one constructor. Two names that differ in capital letters only are the same.",
    },
    Explanation {
        code: "wac::duplicate-name",
        help: "give one of them another name",
        text: "\
What `let` and `import` statements give a name to, and what a document declares, share one set of names. Each stands for one \
thing in the whole document.",
    },
    Explanation {
        code: "wac::duplicate-rename",
        help: "leave all but one out",
        text: "\
After `include … with`, each name of the other world can get one other name.",
    },
    Explanation {
        code: "wac::empty-type",
        help: "put something into the type, or leave it out",
        text: "\
An enum and a variant have at least one case, a record has a field, a tuple a type, and flags have a flag: without, there \
would be no value of them, or nothing in it. The Component Model has no such types.",
    },
    Explanation {
        code: "wac::export-needs-as",
        help: "say a name: `export … as name;`",
        text: "\
An export that is given no name has that of the interface that it is an instance of, or the name under which it was imported or exported before. \
An instance that `new` makes has neither. Give it a name with `as`, or export what it exports, each under its own name, with \
`export name...;`.",
    },
    Explanation {
        code: "wac::fill-not-last",
        help: "write `...` once, behind all other arguments",
        text: "\
With `...` at the end of its arguments, all imports of a component that have nothing yet stay open: the composition imports \
them. It stands there once, and nothing follows it. `...name`, which gives all that an instance exports, is something else.",
    },
    Explanation {
        code: "wac::identifier",
        help: "write words such as `key-value`; a `%` before a word lets it be a name where it would be a type",
        text: "\
Identifiers are words of letters from a to z and digits, with `-` between them. Each word is in lower case or in upper case, \
and the first begins with a letter.

Any word can be a name where nothing but a name can stand, keywords too. The types that are always there, such as `u32`, \
`string` or `list`, cannot be the names of other types, since they could not be told apart. With `%` before it, `%list` is a \
name everywhere; the `%` does not belong to it.",
    },
    Explanation {
        code: "wac::include-conflict",
        help: "give it another name: `include … with { name as other }`",
        text: "\
A world that includes another one has all its imports and exports. Interfaces that both have under their full names are one; two \
imports, or two exports, of one plain name cannot be.",
    },
    Explanation {
        code: "wac::invalid-function",
        help: "write the function as the message says",
        text: "\
Some functions have a form of their own. A constructor gives its resource, or a `result` of it. `get` takes nothing and gives \
something; `set` takes one parameter and gives nothing, or a `result` with an error only, and where there is `set` there is \
`get`. A method has its resource as the parameter `self`, so no other parameter can be called that.",
    },
    Explanation {
        code: "wac::invalid-name",
        help: "use words such as `key-value`, or `ns:package/interface` for an interface",
        text: "\
An import or export of a composition is called by words with `-` between them, or, if it is an instance of an interface, \
by the full name of an interface.",
    },
    Explanation {
        code: "wac::invalid-type",
        help: "write the type as the message says",
        text: "\
The Component Model does not have every type that can be written: keys of a `map` are of a few types, and its values have no \
resources in them; streams and futures carry nothing that is borrowed; there are 32 flags at most.",
    },
    Explanation {
        code: "wac::misplaced",
        help: "put it where it belongs",
        text: "\
Something is well written and stands where it cannot: a resource outside of interfaces and worlds, a package inside of a \
package, a second `package …;`, a `use` of types outside of interfaces and worlds, or an `import` of a document without the name \
by which the document knows what is imported.",
    },
    Explanation {
        code: "wac::missing-argument",
        help: "give an argument for each import, or end with `...`, so that the composition imports the rest",
        text: "\
A component that is instantiated needs something for each of its imports. Where an import is to stay open, and become one of \
the composition, the arguments end with `...`: `new acme:app { log, ... }`. Types that a component imports beside their interface \
come with the interface.",
    },
    Explanation {
        code: "wac::missing-item",
        help: "use a name that it has",
        text: "\
A name leads into an interface, a world or a package that has nothing of this name. What is marked `@unstable` is left out.",
    },
    Explanation {
        code: "wac::not-a-component",
        help: "give the component that has the code, or `import` an interface of the package",
        text: "\
There are instances of components only. A WIT package describes interfaces and worlds, so it can be the source of `import`, `use`, \
`include` and `targets`; what it says must be done by a component.",
    },
    Explanation {
        code: "wac::not-a-definition",
        help: "give the WIT package with `-d`, or as a folder of `.wit` files",
        text: "\
Interfaces and worlds are defined by WIT packages. This package is a component: it imports and exports instances of interfaces, \
and defines none. It can be instantiated with `new`.",
    },
    Explanation {
        code: "wac::not-a-value",
        help: "import it: `import name: path;` gives an instance of an interface",
        text: "\
`use` outside of interfaces and worlds gives an interface or a world another name. That is no instance of it: nothing can be \
taken of it, given to a component or exported.",
    },
    Explanation {
        code: "wac::not-a-world",
        help: "target a world of the package",
        text: "\
`targets` names a world, which says what a component imports and exports. What is named is an interface, or something else.",
    },
    Explanation {
        code: "wac::not-an-instance",
        help: "take exports of instances only",
        text: "\
`a.b`, `a[\"b\"]` and `a...` speak of what `a` exports, so `a` must be an instance: one that `new` makes, or one of an interface that \
is imported or exported. Functions and types export nothing.",
    },
    Explanation {
        code: "wac::own-package",
        help: "name another package",
        text: "\
A document describes a component, and its package is the name of that. It cannot be a part of itself, whatever version is \
named.",
    },
    Explanation {
        code: "wac::spread-no-effect",
        help: "leave it out, or look at what the instance exports",
        text: "\
`...name` among arguments gives an instance's exports to the imports that have nothing yet, where their names are equal, or name versions \
of an interface that will do for each other. `export name...;` exports what has not been exported under its name. Where \
nothing at all comes of it, something else was most likely meant.",
    },
    Explanation {
        code: "wac::string",
        help: "end the string with `\"` on its line, and write `\\\\` for a backslash",
        text: "\
A string is between two `\"` on one line. In it, a backslash has a meaning together with what follows it: `\\\"`, `\\'`, `\\\\`, `\\t`, \
`\\n`, `\\r`, `\\u{…}` with the number of a character, or two hexadecimal digits for a byte.",
    },
    Explanation {
        code: "wac::syntax",
        help: "write what the message says was expected",
        text: "\
The document does not follow the grammar here. The message says what could stand in this place, and what stands there; where \
a bracket is not closed, a second label is at the bracket. Reading goes on at the next statement or item, so that one run \
reports what is wrong elsewhere too.

A document begins with `package ns:name;`. Statements are `import`, `let`, `export`, and those of WIT: `interface`, `world`, \
`use`, `package`, and types.",
    },
    Explanation {
        code: "wac::target-mismatch",
        help: "make it as the world has it, or target another world",
        text: "\
A document that `targets` a world describes a component that runs wherever the world is offered. It imports no more than the \
world does, and exports all that the world exports, each with the type that it has there. It may import less and export more. \
Versions of an interface that will do for each other are the same here.",
    },
    Explanation {
        code: "wac::too-long",
        help: "divide the document into several",
        text: "\
Documents are written by people, or by programs for people. One that has more than 64 MiB is something else.",
    },
    Explanation {
        code: "wac::two-sources",
        help: "export what is needed, too, or do not export what it is based on",
        text: "\
What a world exports can use types of other interfaces. Where the world exports these as well, its exports share their types; \
where not, it imports them, with all that they are based on. An interface that would be needed in both ways would be there twice, and \
its resources would not be the same.",
    },
    Explanation {
        code: "wac::undeclarable",
        help: "change the declaration as the message says",
        text: "\
What is declared is checked as a component is, and this cannot be part of one. Nothing after it was looked at.",
    },
    Explanation {
        code: "wac::undefined-name",
        help: "look for a typing error, and for the statement that gives the name",
        text: "\
A name stands for what a `let` or `import` statement before has given it to, or for what the document declares, before or behind. The \
names of packages are no names of this kind: `new ns:name {}` makes an instance of one.",
    },
    Explanation {
        code: "wac::unknown-argument",
        help: "look at what the component imports: `tenon inspect FILE`",
        text: "\
An argument is for an import of the component. An identifier stands for the import of that name, or for the only interface whose \
name ends in it; a string is the whole name, of which only the version may be another one that will do. An argument without a name of its own is for the \
interface that it is an instance of, or for the import that has the name.",
    },
    Explanation {
        code: "wac::unknown-export",
        help: "look at what the component exports: `tenon inspect FILE`",
        text: "\
`a.b` takes the export `b` of the instance `a`, or the only interface that `a` exports whose name ends in `b`. `a[\"ns:name/b@1.0.0\"]` \
takes the one of that name, of which only the version may be another one that will do.",
    },
    Explanation {
        code: "wac::unknown-package",
        help: "say where the component is, or put it where packages are looked for",
        text: "\
A document names packages: those that it instantiates must be components, those whose interfaces it imports or uses may be WIT. Each \
is known by the name that the document has for it, with the version or requirement that stands behind it.",
    },
    Explanation {
        code: "wac::unknown-world",
        help: "look at the worlds of the package: `tenon wit FILE`",
        text: "\
The world that a document `targets` is one of the document itself, or of a WIT package.",
    },
    Explanation {
        code: "wac::version",
        help: "write a version such as `1.2.0`, or where it can be, a requirement such as `^1.2`",
        text: "\
After the `@` of a package stands a version with all three numbers: `1.2.0`, `1.2.0-rc.1`. In `new`, in an `import` statement \
and after `targets` it may be a requirement that several versions meet: `^1.2`, `1.2` which means the same, `~1.2`, `=1.2.0`, \
`>=1, <3`, `1.*` or `*`. What a package itself is called, and what WIT refers to, has a whole version.",
    },
    Explanation {
        code: "wac::wrong-kind",
        help: "name something of the kind that is needed",
        text: "\
A name stands for something that exists, but is of another kind than can stand here: a type of values, a resource, a function \
type, an interface and a world are different things.",
    },
];
