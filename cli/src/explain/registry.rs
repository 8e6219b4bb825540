//! What can go wrong between this program and a registry.

use tenon_composer::Explanation;

pub(super) const CODES: &[Explanation] = &[
    Explanation {
        code: "registry::credentials",
        help: "correct what the message names, or log in again",
        text: "\
The registry asked for a token, and the place where tokens are kept cannot be read, or has something else in it. No \
request was sent with a token that may be the wrong one.",
    },
    Explanation {
        code: "registry::files",
        help: "correct what the message names; the cache may be removed, the state should not",
        text: "\
What this program keeps of a registry cannot be read or written. It is in two places. The cache has what can be fetched \
again. The state has what was verified of the log so far: whoever loses it can be shown the past again, so it is never \
replaced by a guess, and a state that cannot be read is kept as it is.

Links and other things in the place of plain files are not followed.",
    },
    Explanation {
        code: "registry::lock",
        help: "find out which of the two is right before going on: the lock file, or the registry",
        text: "\
A lock file says which release of which log it means, by digest, place and publisher, and has the log's checkpoint. The \
registry shows something else. If the lock file was not edited by hand, one of two people was shown another history.",
    },
    Explanation {
        code: "registry::log-differs",
        help: "do not use it: tell the registry's operator, and look at the log from another place",
        text: "\
The records, the tiles and the checkpoint that the registry serves do not belong together: the checkpoint is signed, and \
what was served beside it gives another root. Something between the log and this machine is broken, or lies.",
    },
    Explanation {
        code: "registry::log-wrong",
        help: "keep a copy with `tenon log mirror`, and ask the registry's operator and its witnesses",
        text: "\
A monitor reads every record of a log and works out for itself what it comes to. This log has something that no honest \
registry writes: a record that breaks the rules, a map that hides or invents something, a checkpoint that does not fit. \
Clients that ask for single packages may not notice that.",
    },
    Explanation {
        code: "registry::login",
        help: "log in with `tenon login`",
        text: "\
The registry wants to know who asks, and there is no token for it, or the token is not known to it any more. Tokens are \
made by the registry's operator, can be limited to some packages, and expire.",
    },
    Explanation {
        code: "registry::no-match",
        help: "`tenon info PACKAGE` lists the releases that there are",
        text: "\
The package is there, and no release of it is to be chosen. A yanked release is chosen only by its exact version, as in \
`acme:http@1.4.0`; a prerelease only by a requirement that names one of the same version; one that was taken down not at \
all.",
    },
    Explanation {
        code: "registry::offline",
        help: "leave `--offline` away once, so that it is fetched and kept",
        text: "\
With `--offline` nothing is asked of a registry. What was fetched before is verified again, from what was kept of its \
proof. `acme:http@^1` and `acme:http@1.4.0` are different questions: each has to be asked once to be answered without the \
network.",
    },
    Explanation {
        code: "registry::outcome-unknown",
        help: "run the same command again: what was logged is not logged twice",
        text: "\
A record was sent, and the answer was lost. It was looked for in the log and is not there, or not yet.",
    },
    Explanation {
        code: "registry::problem",
        help: "read what the registry says; its operator finds the request by the number that is shown",
        text: "\
The registry understood the request and refused it, for the reason that it gives. That is its word: whether a package \
exists, and what is in its log, is proved instead.",
    },
    Explanation {
        code: "registry::unavailable",
        help: "check the address with `tenon registry list`, and try again",
        text: "\
The registry cannot be reached, does not answer in time, or answers something that is no answer. Nothing was verified, \
and nothing was refused. Reads were tried several times before.

Redirects to another host are not followed, so that tokens go nowhere else; certificates are judged as the system does.",
    },
];
