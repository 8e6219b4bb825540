//! The codes of commands for documents in WAC and WIT.

use tenon_composer::Explanation;

pub(super) const CODES: &[Explanation] = &[
    Explanation {
        code: "cli::document",
        help: "compose the document first, and name what came of it",
        text: "\
A document in WAC describes a composition, and this command takes components. `tenon compose` makes the one of the other, and \
`tenon check`, `tenon resolve`, `tenon graph` and `tenon wit` look at what a document describes without making it.",
    },
    Explanation {
        code: "cli::no-document",
        help: "name a document in WAC, and give the component to it with `--dep`",
        text: "\
This command reads documents in WAC, which are text, and was given a component or a core module. A document takes a component \
by the name of its package, `new acme:app {}`, and `--dep acme:app=app.wasm` says where that is.",
    },
    Explanation {
        code: "fetch::deps-taken",
        help: "move away what is there, or give `--replace`",
        text: "\
`tenon fetch --deps-dir` writes each release to the place where documents are looked for by its name. What is there is other \
content, which somebody may have put there on purpose: so nothing was written at all, and the files are listed. `--replace` has \
files of the same name replaced.

A file called `.wat`, and a folder, are taken before a file called `.wasm`, by `tenon` and by `wac`. What is fetched would be there \
and not be used, so these are in the way whatever is given.",
    },
    Explanation {
        code: "fmt::refused",
        help: "correct what is shown, and run `tenon fmt` again",
        text: "\
A document that cannot be understood is not rewritten, since nobody can say what would come of it: it stays as it is. All that is \
wrong with it is shown, each with a code of its own.

The other files that were named are formatted, or checked, all the same.",
    },
    Explanation {
        code: "fmt::unformatted",
        help: "run `tenon fmt` on the same paths, without `--check`",
        text: "\
`tenon fmt --check` changes nothing, and says which files `tenon fmt` would change. There is one style, and nothing to set: four \
spaces for each level, on one line what fits into 100 characters, and one blank line at most. Comments stay where they are, and so \
do the line ends of Windows, where every line has them.",
    },
];
