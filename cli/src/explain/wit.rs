//! The codes of folders of WIT.

use tenon_composer::Explanation;

pub(super) const CODES: &[Explanation] = &[
    Explanation {
        code: "wit::dependency",
        help: "take a version of the package that fits, or one that is a WIT package",
        text: "\
What is to be put into `wit/deps` cannot be used there: it is a component and no WIT package, it declares that it is \
another package than the one it was fetched as, or it uses a package that is not locked.

Every package is written with references to the versions that are locked. A version that may stand in for another one, \
such as 0.2.6 for 0.2.3, has to have all that the other one has. Where it does not, its publisher broke that promise: \
take another version of one of the two.",
    },
    Explanation {
        code: "wit::deps-stale",
        help: "run `tenon wit fetch` first; `tenon build` does both",
        text: "\
`wit/deps` has a package that `tenon wit fetch` made from another release than the one that `tenon.lock` has by now, or from \
one that is not locked any more: the lock file was updated, or came with a commit, and `wit/deps` was not made anew. What \
`tenon wit build` made of it would not be what the lock file says. Where somebody else put a package into `wit/deps`, that is \
taken as it is.",
    },
    Explanation {
        code: "wit::deps-taken",
        help: "run `tenon wit fetch --replace` to have the fetched one, or remove the dependency to keep what is there",
        text: "\
`tenon wit fetch` changes and removes only what it made: folders in `wit/deps` with one file `package.wit`, whose last \
line says so. Anything else there is yours, and stays as it is. Here, something of yours declares a package that is also \
a dependency, or stands where one goes; WIT can have each package only once.

What `wkg` or another tool put there counts as yours, too. `tenon wit fetch --replace` takes it over: what declares one \
package of which the registry has the same version is replaced by that. Where the release has not all that is there, or \
another version is locked, it asks first.",
    },
    Explanation {
        code: "wit::identity",
        help: "change `[package]` of the manifest, or the `package` line of the WIT",
        text: "\
A WIT package has its name and version in its WIT: `package acme:shop@0.1.0;`. Those in the manifest must be the same, so \
that it is clear what is built and published.",
    },
    Explanation {
        code: "wit::metadata",
        help: "correct it in `[package]` of `tenon.toml`",
        text: "\
What a package says of itself is put into it in the form that all tools know: licences are an SPDX expression such as \
`Apache-2.0 OR MIT`, home page and source are whole URLs.",
    },
    Explanation {
        code: "wit::missing-package",
        help: "run `tenon wit fetch`, or put its WIT into `wit/deps`",
        text: "\
The WIT uses a package that is not in the folder `deps` beside it. The message says where it is used first.

WIT names versions exactly: `wasi:io/poll@0.2.3` is in no other version of `wasi:io` than 0.2.3, and `wasi:io/poll` only in \
a package that declares no version, which no package of a registry does.",
    },
    Explanation {
        code: "wit::name",
        help: "put the WIT of it into `deps`, or give the package another name",
        text: "\
Registries have packages with names of lower-case words, such as `acme:http-types`. WIT allows more, such as upper-case \
words. A package with such a name can be used where its WIT is in `deps`, but it cannot be fetched.",
    },
];
