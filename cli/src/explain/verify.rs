//! Why what a registry shows is not believed.

use tenon_composer::Explanation;

pub(super) const CODES: &[Explanation] = &[
    Explanation {
        code: "verify::cache-damaged",
        help: "remove the cache and fetch again",
        text: "\
The records that were kept here are not those that were verified: the disk lost something, or someone changed \
them. They are only kept to be fetched less often, and nothing was believed because of them.",
    },
    Explanation {
        code: "verify::chain",
        help: "do not use it; tell the registry's operator",
        text: "\
The records of a package, its namespace or the registry break the rules that everyone follows: a record is \
signed by a key that may not do what it says, has the wrong predecessor, or comes twice. A registry checks the \
same rules before it logs a record, so an honest one has no such chain.",
    },
    Explanation {
        code: "verify::checkpoint",
        help: "compare the pin with the one that the registry's operator publishes",
        text: "\
A checkpoint says how large the log is and what its root is, and is signed by the log's key, which is in the pin \
or was introduced by the log itself later. This one is not: it is of another log, was changed on its way, or is \
signed by someone else.",
    },
    Explanation {
        code: "verify::content-differs",
        help: "fetch it again, from another place if there is one; nothing was kept",
        text: "\
The record of the release says which SHA-256 its content has, and is signed by the publisher. What came has \
another one. It was hashed while it came, and got no name.",
    },
    Explanation {
        code: "verify::content-too-long",
        help: "fetch it again, from another place if there is one; nothing was kept",
        text: "\
The record of the release says how many bytes its content has, and is signed by the publisher. More came; the \
rest was not read.",
    },
    Explanation {
        code: "verify::content-too-short",
        help: "fetch it again, from another place if there is one; nothing was kept",
        text: "\
The record of the release says how many bytes its content has, and is signed by the publisher. Fewer came.",
    },
    Explanation {
        code: "verify::covers",
        help: "do not use it; tell the registry's operator",
        text: "\
The last record of a log is an index record, which commits to a map of where every chain ends. This one does not \
cover all records before it, so what it leaves out could be hidden.",
    },
    Explanation {
        code: "verify::evidence-extra",
        help: "ask once more, past any cache",
        text: "\
The proof has more in it than was asked for. What nothing asks for is refused, since it could be there to be \
mistaken for something else.",
    },
    Explanation {
        code: "verify::evidence-missing",
        help: "ask once more, past any cache",
        text: "\
A part of the proof is missing. An empty or short proof proves nothing, however well the rest of it holds.",
    },
    Explanation {
        code: "verify::evidence-repeated",
        help: "ask once more, past any cache",
        text: "\
The proof has something twice, which could be made to count twice.",
    },
    Explanation {
        code: "verify::head-mismatch",
        help: "do not use it; tell the registry's operator",
        text: "\
The map of the log says where the chain of a package, a namespace or the registry ends, and the records that are \
shown end elsewhere: something is left out, such as a later release, a yank or a revocation.",
    },
    Explanation {
        code: "verify::index-signer",
        help: "do not use it; tell the registry's operator",
        text: "\
The map of the log is committed to by a record that the registry's index key signs. This one is signed by \
another key.",
    },
    Explanation {
        code: "verify::log-key-removed",
        help: "verify the last checkpoint that the pinned key signed, which shows the new key",
        text: "\
Every key that signed the checkpoint has been removed by the registry's own records. A removed key never counts \
again.",
    },
    Explanation {
        code: "verify::malformed",
        help: "ask once more, past any cache; if it stays so, what serves the registry is at fault",
        text: "\
What should be a proof cannot be read as one. Proofs have one spelling, and everything else is refused.",
    },
    Explanation {
        code: "verify::map",
        help: "do not use it; tell the registry's operator",
        text: "\
The proof that leads from the root of the log's map to the end of a chain does not hold.",
    },
    Explanation {
        code: "verify::no-index-record",
        help: "do not use it; tell the registry's operator",
        text: "\
A log ends with an index record, which commits to a map of where every chain ends. Where one should be is \
something else, so that nobody can tell whether the chains that are shown are whole.",
    },
    Explanation {
        code: "verify::no-such-package",
        help: "check the name, or which registry the namespace comes from",
        text: "\
The log proves that it has no such package: the map of all chains was shown, and this one is not in it. No other \
registry was asked, since a namespace comes from one registry only.",
    },
    Explanation {
        code: "verify::no-such-release",
        help: "`tenon info PACKAGE` lists the releases that there are",
        text: "\
The log proves that the package has no such release; or there was one by a key that was compromised, which its \
owners revoked, so that the release is void. A void release should not be used, and neither should what was \
built with it.",
    },
    Explanation {
        code: "verify::not-included",
        help: "do not use it; tell the registry's operator",
        text: "\
The records are not in the log where they are said to be: the proof gives another root than the one that the log \
signed.",
    },
    Explanation {
        code: "verify::policy-log",
        help: "correct the policy, or use it for another registry",
        text: "\
The policy lists the logs that it is for, and the key of this one is not among them.",
    },
    Explanation {
        code: "verify::policy-origin",
        help: "correct the policy, or use it for another registry",
        text: "\
The policy lists a log of another name than this registry's.",
    },
    Explanation {
        code: "verify::quorum",
        help: "try again later; if it stays so, ask the registry's operator",
        text: "\
The policy asks for the signatures of so many witnesses, who sign that they saw the same log as everyone else. \
Too few have signed this checkpoint: the registry cannot reach them, or shows them something else.",
    },
    Explanation {
        code: "verify::record",
        help: "do not use it; tell the registry's operator",
        text: "\
A leaf of the log is not a record. Records have one spelling, so that nobody can read the same bytes in two \
ways.",
    },
    Explanation {
        code: "verify::rollback",
        help: "keep the evidence, and ask the registry's operator and its witnesses",
        text: "\
The log is smaller than it was when it was last seen from here, and what serves it cannot prove that it is just \
behind. A log only grows: what came later is hidden, or the registry was restored from an old backup.",
    },
    Explanation {
        code: "verify::split-view",
        help: "keep the evidence, and ask the registry's operator and its witnesses",
        text: "\
The log has another history than the one that was seen from here before. One of the two checkpoints, both signed \
by its key, is a lie. They are kept together in a file that anyone can check who has the log's key.",
    },
    Explanation {
        code: "verify::stale",
        help: "try again later; if it stays so, ask the registry's operator",
        text: "\
Enough witnesses signed the checkpoint, or the registry said that it is the latest, but too long ago. Whoever \
serves it may hide what came after. How old it may be is `max-age` of the registry in the configuration.",
    },
    Explanation {
        code: "verify::stale-mirror",
        help: "ask again later, or the registry itself",
        text: "\
What serves the registry shows an older state of the log than was seen from here before, and proves that it is \
the same log. It is behind; a cache or a mirror often is.",
    },
    Explanation {
        code: "verify::subject-fork",
        help: "keep the evidence, and ask the registry's operator and its witnesses",
        text: "\
A record of a package, a namespace or the registry is another one than was seen from here before. Records are \
never replaced.",
    },
    Explanation {
        code: "verify::subject-rollback",
        help: "keep the evidence, and ask the registry's operator and its witnesses",
        text: "\
The chain of a package, a namespace or the registry is shorter than it was when it was last seen from here: a \
release, a yank or a revocation is hidden.",
    },
    Explanation {
        code: "verify::taken-down",
        help: "choose another release",
        text: "\
The registry's operator removed the content of this release, and said so in the log. Its version and digest stay \
there, and the version can never be used again.",
    },
    Explanation {
        code: "verify::time-ahead",
        help: "set the clock here, or tell the registry's operator",
        text: "\
The last record of the log is of a time that is still to come here. One of the two clocks is wrong.",
    },
    Explanation {
        code: "verify::times",
        help: "do not use it; tell the registry's operator",
        text: "\
The times of the log's index records decrease, or are older than one that was seen from here before.",
    },
    Explanation {
        code: "verify::too-far-ahead",
        help: "if the registry really grew so much, verify it from another place first",
        text: "\
The log grew by more records than is taken for possible. Someone with a stolen key could sign a checkpoint of \
any size, after which no honest one would ever be large enough.",
    },
    Explanation {
        code: "verify::unknown-auditor",
        help: "correct the policy or the list of auditors",
        text: "\
The configuration names an auditor, a witness that recomputes the map of the log, and the policy has no witness \
of that name.",
    },
    Explanation {
        code: "verify::wrong-init",
        help: "compare the pin with the one that the registry's operator publishes",
        text: "\
The pin has the hash of the log's first record, which names the registry's keys. The log begins with another \
one: it is another log, or a new one. `tenon registry reset` takes a new pin, which should come from people.",
    },
    Explanation {
        code: "verify::wrong-size",
        help: "ask once more, past any cache",
        text: "\
The proof is for a client that knows another size of the log than this one does.",
    },
    Explanation {
        code: "verify::wrong-start",
        help: "ask once more, past any cache",
        text: "\
The proof goes on from other records than those that are kept here.",
    },
];
