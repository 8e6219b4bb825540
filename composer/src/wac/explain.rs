//! The long text of every error code of documents.

use crate::explain::Explanation;

/// Every code of an error in the text of a document with its explanation, in alphabetical order.
pub fn explanations() -> &'static [Explanation] {
    EXPLANATIONS
}

const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: "wac::attribute",
        help: "leave the attribute out, or put it before an item that can have it",
        text: "\
Attributes stand before an item: `@since(version = 1.0.0)`, `@unstable(feature = name)`, `@deprecated(version = 1.0.0)` and \
`@external-id(\"name\")`. An item has each of them once at most. Packages and `let` statements have none; interfaces, worlds \
and `include` have no external id.",
    },
    Explanation {
        code: "wac::character",
        help: "remove the character; in a string, write it as `\\u{…}`",
        text: "\
Some characters make a document look other than it is: those that change the direction of text, control characters, and \
a few that Unicode discourages. As in WIT they must not be anywhere in a document, not even in comments.",
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
        code: "wac::empty-type",
        help: "put something into the type, or leave it out",
        text: "\
An enum and a variant have at least one case, a record has a field, a tuple a type, and flags have a flag: without, there \
would be no value of them, or nothing in it. The Component Model has no such types.",
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
        code: "wac::misplaced",
        help: "put it where it belongs",
        text: "\
Something is well written and stands where it cannot: a resource outside of interfaces and worlds, a package inside of a \
package, a second `package …;`, or an `import` of a document without the name by which the document knows what is imported.",
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
        code: "wac::too-long",
        help: "divide the document into several",
        text: "\
Documents are written by people, or by programs for people. One that has more than 64 MiB is something else.",
    },
    Explanation {
        code: "wac::version",
        help: "write a version such as `1.2.0`, or where it can be, a requirement such as `^1.2`",
        text: "\
After the `@` of a package stands a version with all three numbers: `1.2.0`, `1.2.0-rc.1`. In `new`, in an `import` statement \
and after `targets` it may be a requirement that several versions meet: `^1.2`, `1.2` which means the same, `~1.2`, `=1.2.0`, \
`>=1, <3`, `1.*` or `*`. What a package itself is called, and what WIT refers to, has a whole version.",
    },
];
