//! What can go wrong with a project.

use tenon_composer::Explanation;

pub(super) const CODES: &[Explanation] = &[
    Explanation {
        code: "project::changed",
        help: "run the same command again",
        text: "\
A command reads `tenon.toml` and `tenon.lock`, works out what they are to be, and replaces them as a whole. While it did, \
someone else, such as an editor, saved one of them. What was saved stays.",
    },
    Explanation {
        code: "project::choose",
        help: "add the one you mean with `tenon add`, or map a namespace that you trust",
        text: "\
`tenon build --auto` looks in registries for what exports an import that is left open. It takes a package by itself only if \
it is the only dependency of the project that fits, or the only package that fits in a namespace that is mapped, which is to \
say that `[namespaces]` of the project or of the user maps it to that registry. Here several do, or none is in such a namespace: \
anyone may publish a component that exports an interface, so someone has to say which one is meant.

The list has the best first: dependencies, then packages in mapped namespaces, then those in namespaces that the project \
already has packages of, then all others by name. With `--yes` the first is taken if it is no such other, or if nothing else was \
found. `tenon registry add NAME URL PIN --namespace acme`, or `acme = \"NAME\"` under `[namespaces]`, maps a namespace. A package \
that is added by hand, and is among the `plugs` if there are some, is not looked for any more.",
    },
    Explanation {
        code: "project::conflict",
        help: "loosen one of the requirements, or update who asks for it",
        text: "\
A project has one version of a package on each track (0.2 and 0.3 are two tracks, 1.2 and 1.3 are one). It must meet all \
that is asked of it: by `tenon.toml`, by the text in `wit/`, which names exact versions, by WIT packages of what they use, \
and by components of the WIT that they import and export. Here nothing does. The message says who asks for what, and why \
each version is out of the question.

A yanked version is taken only where it is locked, or where it is asked for by exactly this version; a prerelease only where \
a requirement names one of the same version.",
    },
    Explanation {
        code: "project::exists",
        help: "edit it, or add to it with `tenon add`",
        text: "\
`tenon init` makes a project where there is none. It never replaces a `tenon.toml`.",
    },
    Explanation {
        code: "project::lock-conflict",
        help: "resolve the conflicts in `tenon.toml` first, then run `tenon lock --merge`",
        text: "\
Two branches locked different things, and the merge left both in `tenon.lock`, between lines such as `<<<<<<<`. Do not choose \
lines by hand: `tenon lock --merge` reads both sides, has the registry prove that their checkpoints are of one history, and \
makes a lock file that answers what `tenon.toml` asks for, with as much of both sides as fits.

Where both branches added something in other places of the file, git sees no conflict, and there may be two versions of a package \
where a project has one. The same command takes the one that fits best.",
    },
    Explanation {
        code: "project::lock-file",
        help: "take it from your version control again, or remove it and run `tenon lock`",
        text: "\
`tenon.lock` is made by commands and not meant to be edited by hand. It says of each release the version, the digest, the \
place in the log, who published it, and how far its chains were seen; and it has the checkpoint of each registry's log. The \
message says what in it is not as it was written.

Who removes it and locks again gets the versions that fit best now, which may be others.",
    },
    Explanation {
        code: "project::locked",
        help: "run `tenon lock`, and look at what changes",
        text: "\
With `--locked` or `--frozen`, and for commands that only look, `tenon.lock` is what counts, and it must answer everything \
that is asked for without a change. It does not: something was added to `tenon.toml` or to `wit/`, a requirement was changed, or there is no lock file. Commit \
the lock file together with what asks for it.",
    },
    Explanation {
        code: "project::manifest",
        help: "correct `tenon.toml` where it is wrong; nothing was changed",
        text: "\
`tenon.toml` is written by hand. All of its keys are checked, so that none is misspelt without notice:

  [package]       name, version, description, authors, licenses, homepage, source
  [dependencies]  \"ns:name\" = \"REQUIREMENT\", or { version = \"REQUIREMENT\" }, or { path = \"PATH\" }
  [compose]       socket or sockets, plugs, chains, wires, prefer, keep-imports, exports, renames, versions,
                  dedupe, strict, name, output; or file, with output
  [wit]           dir
  [registries.NAME], [namespaces], default-registry: as in the configuration of the user

Paths are relative to the file.",
    },
    Explanation {
        code: "project::moved",
        help: "see with `tenon config show --origin` what says where the namespace comes from",
        text: "\
A locked release names the log that it is in. The namespace of the package is now mapped to a registry with another log. What is \
in another log is another release, whatever its name, so it is not taken in place of this one.",
    },
    Explanation {
        code: "project::needs",
        help: "if `tenon.lock` was not edited by hand, tell the registry's operator",
        text: "\
Which WIT packages a release uses is taken from the registry while versions are chosen, before anything is downloaded. Once the \
content is here, it is computed from the bytes. The two are not the same: the registry said what is not so, or the lock file \
was edited.",
    },
    Explanation {
        code: "project::none",
        help: "make one with `tenon init`, or go to the folder of a project",
        text: "\
This command is for a project: a folder with a `tenon.toml`. It is looked for in the current folder, and then in those above it.",
    },
    Explanation {
        code: "project::nothing",
        help: "name a component to be composed, or make a folder `wit`",
        text: "\
`tenon build` composes what `[compose]` in `tenon.toml` names, or makes the WIT package of the folder `wit`. This project has \
neither.",
    },
    Explanation {
        code: "project::outdated",
        help: "`tenon update` takes what is compatible; for the rest, change the requirements",
        text: "\
`tenon outdated --exit-code` ends with 1 if anything that is locked has a newer release, or is yanked.",
    },
    Explanation {
        code: "project::outside",
        help: "name a path within the project, or give it on the command line",
        text: "\
A project may have been written by someone else. What it writes to, by `output` under `[compose]` or `dir` under `[wit]`, is \
therefore within its own folder, also where links lead; anywhere else is for whoever gives the command to say.",
    },
    Explanation {
        code: "project::path",
        help: "name a component, a WIT package, or a folder with the WIT of the package",
        text: "\
`tenon add NAME --path FOLDER` has the WIT in a folder be the package of that name. The text there declares another package, or \
there is none. Others use a package by the name that its text declares, so the two have to be the same.",
    },
    Explanation {
        code: "project::precise",
        help: "see with `tenon info PACKAGE` which versions there are",
        text: "\
A version was asked for precisely, and is not what comes out: there is no such version, or what the project asks for is met \
by versions on other tracks (0.2 and 0.3 are two tracks, 1.2 and 1.3 are one). `tenon add PACKAGE@VERSION` changes what is \
asked for.",
    },
    Explanation {
        code: "project::publisher",
        help: "ask the publisher whether that is right; then give `--yes`, or keep what is locked",
        text: "\
The lock file remembers who signed each release. A newer one is signed by other keys, or by the registry on someone's behalf. \
The namespace allows it, or it would have been refused; yet a key that was granted yesterday by a thief looks just like this. \
So it is asked once, and remembered from then on, in the trust state: who was taken for a package before, in whatever project, is \
not asked about again.",
    },
    Explanation {
        code: "project::too-many",
        help: "ask for less, or by narrower requirements; or ask the registry's operator",
        text: "\
To choose versions, every package is looked at that some release of another needs, by the word of the registries. That came to \
more than any project has. A registry could invent needs without end, so it is not followed any further.",
    },
    Explanation {
        code: "project::unknown",
        help: "`tenon tree` shows what there is",
        text: "\
The command names a package that this project does not depend on.",
    },
    Explanation {
        code: "project::wkg",
        help: "correct the file of `wkg`, or move it away",
        text: "\
`tenon init` takes over what `wkg.toml` overrides and says of the package, and the first lock file keeps the versions that \
`wkg.lock` has. One of the two is not as `wkg` writes it.",
    },
];
