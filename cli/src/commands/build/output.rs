//! Where a build is written to.

use crate::args::Build;
use crate::error::Failure;
use crate::project::Project;
use crate::write::check_not_read;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What WebAssembly in the binary format begins with.
const MAGIC: &[u8; 4] = b"\0asm";

/// Where the output goes: what the command line says, or the manifest, or `build/` and the project's name.
pub(super) fn place(
    project: &Project,
    args: &Build,
    said: Option<&Path>,
) -> Result<PathBuf, Failure> {
    if let Some(path) = &args.output {
        return match path == Path::new("-") {
            true => Err(
                Failure::usage("a build is written to a file, not to standard output")
                    .help("name a file, or use `tenon plug`"),
            ),
            false => Ok(path.clone()),
        };
    }
    let path = match said {
        Some(path) => project.path(path),
        None => {
            let name = project.title().or_else(|| {
                let folder = fs::canonicalize(project.path(".")).ok()?;
                Some(folder.file_name()?.to_string_lossy().into_owned())
            });
            let name = name.unwrap_or_else(|| "composition".to_owned());
            project.root.join("build").join(format!("{name}.wasm"))
        }
    };
    project.check_inside(
        &path,
        "`output` under `[compose]`",
        "give such a path with `-o`",
    )?;
    Ok(path)
}

/// Refuses to write over what is read, over the project's own files, and, where nobody at the command line named
/// the file, over what is no WebAssembly.
pub(super) fn check(
    project: &Project,
    args: &Build,
    output: &Path,
    files: &BTreeSet<PathBuf>,
) -> Result<(), Failure> {
    let own = [project.manifest_path(), project.lock_path()];
    let written = check_not_read(output, files.iter().chain(&own));
    if args.output.is_some() {
        return written;
    }
    written.map_err(|failure| {
        Failure::configuration("project::manifest", failure.message)
            .help("write to another file: `output` under `[compose]`, or `-o`")
    })?;
    // What a build left half is replaced, whatever is in it.
    if output
        .extension()
        .is_some_and(|extension| extension == "wasm")
    {
        return Ok(());
    }
    let mut begin = [0; MAGIC.len()];
    let is_other = File::open(output)
        .and_then(|mut file| file.read_exact(&mut begin))
        .map_or(output.is_file(), |()| begin != *MAGIC);
    match is_other {
        true => Err(Failure::configuration(
            "project::manifest",
            format!("`{}` is there, and is no WebAssembly", output.display()),
        )
        .help("move it away, or write to another file: `output` under `[compose]`, or `-o`")),
        false => Ok(()),
    }
}

/// Makes the folder that the output goes to.
pub(super) fn make_folder(output: &Path) -> Result<(), Failure> {
    let folder = output.parent();
    match folder.filter(|folder| !folder.as_os_str().is_empty()) {
        None => Ok(()),
        Some(folder) => fs::create_dir_all(folder)
            .map_err(|error| Failure::io("make the folder", folder, &error)),
    }
}
