//! A folder of WIT text made a WIT package in the binary format.

use super::folder::{Folder, Which, names};
use super::read::caught;
use crate::error::{Failure, wit_failure};
use crate::ui;
use std::fmt::Debug;
use std::path::Path;
use tenon_composer::{Arena, Bodies, Mention, Source, mentions};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wit_parser::{PackageId, PackageName, Resolve};

/// What a project says of itself. Name and version are those that the WIT must have.
#[derive(Default)]
pub(crate) struct AboutData {
    pub(crate) name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) authors: Option<String>,
    /// An SPDX expression.
    pub(crate) licenses: Option<String>,
    pub(crate) homepage: Option<String>,
    pub(crate) source: Option<String>,
}

/// A WIT package that was built.
pub(crate) struct Built {
    /// Its name, without version.
    pub(crate) package: String,
    pub(crate) version: Option<String>,
    pub(crate) bytes: Vec<u8>,
    /// The packages that it uses.
    pub(crate) uses: Vec<String>,
    /// The packages that are nested in its text, and no part of it.
    pub(crate) nested: Vec<String>,
}

/// Makes a WIT package of the text in `folder` and of `about`. The same text gives the same bytes. What it uses
/// must be in the folder `deps` in it; gates are open, so that what is `@unstable` is there.
pub(crate) fn build(folder: &Path, about: &AboutData) -> Result<Built, Failure> {
    let shown = folder.to_string_lossy();
    let read = Folder::read(folder, Which::All)?;
    let Some(own) = &read.own else {
        let message = format!("there is no `.wit` file in `{shown}`");
        return Err(Failure::new("cli::wit", message)
            .help("name the folder with the WIT: `tenon wit build DIR`"));
    };
    let declared = own.main.name.clone();
    agree(&shown, &declared, about)?;
    let nested = names(own).skip(1).map(ToString::to_string).collect();
    let Some((resolve, package)) = read.resolve(Vec::new())? else {
        return Err(wit_failure(&shown, &"there is no text"));
    };
    let bytes = encode(&shown, &resolve, package, about)?;
    // What it mentions is in its types, which are validated for that.
    let mut arena = Arena::new();
    let id = arena.read_release(Source {
        name: shown.into_owned(),
        input: &bytes,
        digest: None,
        bodies: Bodies::Skip,
    })?;
    let uses = mentions(&arena, id).into_iter().map(title).collect();
    Ok(Built {
        package: format!("{}:{}", declared.namespace, declared.name),
        version: declared.version.map(|version| version.to_string()),
        uses,
        nested,
        bytes,
    })
}

/// A package in the binary format, of what messages call `name`, with what `about` says of it.
pub(crate) fn encode(
    name: &str,
    resolve: &Resolve,
    package: PackageId,
    about: &AboutData,
) -> Result<Vec<u8>, Failure> {
    let encoded = caught(|| wit_component::encode(resolve, package, false));
    let encoded = encoded
        .map_err(|panic| wit_failure(name, &format_args!("the encoder gave up: {panic}")))?
        .map_err(|error| wit_failure(name, &error))?;
    match resolve.packages.get(package) {
        Some(package) => with_metadata(&encoded, &package.name, about),
        None => Ok(encoded),
    }
}

fn title(mention: Mention) -> String {
    match mention.version {
        Some(version) => format!("{}@{version}", mention.package),
        None => mention.package,
    }
}

/// Refuses WIT that declares another package than the project is.
fn agree(folder: &str, declared: &PackageName, about: &AboutData) -> Result<(), Failure> {
    let name = format!("{}:{}", declared.namespace, declared.name);
    let version = declared.version.as_ref().map(ToString::to_string);
    let is_named = about.name.as_ref().is_none_or(|wanted| *wanted == name);
    let is_version = about.version.is_none() || about.version == version;
    if is_named && is_version {
        return Ok(());
    }
    let wanted = about.name.as_deref().unwrap_or(&name);
    let wanted = match about.version.as_deref().or(version.as_deref()) {
        Some(version) => format!("{wanted}@{version}"),
        None => wanted.to_owned(),
    };
    let message = format!(
        "the WIT in `{folder}` declares that it is `{declared}`, and `tenon.toml` says that this is `{}`",
        ui::clean_line(&wanted)
    );
    Err(Failure::new("wit::identity", message).help(format!(
        "change one of them: the line of the WIT is `package {};`",
        ui::clean_line(&wanted)
    )))
}

fn with_metadata(
    bytes: &[u8],
    declared: &PackageName,
    about: &AboutData,
) -> Result<Vec<u8>, Failure> {
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(format!("{}:{}", declared.namespace, declared.name));
    add.processed_by = vec![("tenon".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    let version = declared.version.as_ref().map(ToString::to_string);
    add.version = field("version", version.as_deref())?;
    add.description = field("description", about.description.as_deref())?;
    add.authors = field("authors", about.authors.as_deref())?;
    add.licenses = field("licenses", about.licenses.as_deref())?;
    add.homepage = field("homepage", about.homepage.as_deref())?;
    add.source = field("source", about.source.as_deref())?;
    add.to_wasm(bytes)
        .map_err(|error| wit_failure(&declared.to_string(), &error))
}

fn field<T>(name: &str, value: Option<&str>) -> Result<AddMetadataField<T>, Failure>
where
    T: std::str::FromStr + Debug + Clone,
    T::Err: std::fmt::Display,
{
    let Some(value) = value else {
        return Ok(AddMetadataField::Keep);
    };
    let parsed = value.parse().map_err(|error: T::Err| {
        let message = format!(
            "`{}` cannot be the {name} of a package",
            ui::clean_line(value)
        );
        Failure::configuration("wit::metadata", message)
            .cause(ui::clean_line(&error.to_string()))
            .help("correct it in `[package]` of `tenon.toml`")
    })?;
    Ok(AddMetadataField::Set(parsed))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop where it fails")]
mod tests {
    use super::*;
    use std::fs;
    use tenon_composer::inspect;

    fn about(name: &str, version: &str) -> AboutData {
        let text = |text: &str| Some(text.to_owned());
        AboutData {
            name: text(name),
            version: text(version),
            description: text("A kit."),
            authors: text("Alice"),
            licenses: text("Apache-2.0 OR MIT"),
            homepage: text("https://kit.example/"),
            source: text("https://kit.example/source"),
        }
    }

    #[test]
    fn a_package_says_of_itself_what_the_manifest_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(
            path.join("a.wit"),
            "package acme:kit@0.1.0;\ninterface i {}\n",
        )
        .unwrap();
        let built = build(path, &about("acme:kit", "0.1.0")).unwrap();
        let metadata = inspect("kit", &built.bytes).unwrap().root.metadata;
        let said = [
            &metadata.name,
            &metadata.version,
            &metadata.description,
            &metadata.authors,
            &metadata.licenses,
            &metadata.homepage,
            &metadata.source,
        ];
        assert_eq!(
            said.map(|text| text.as_deref().unwrap()),
            [
                "acme:kit",
                "0.1.0",
                "A kit.",
                "Alice",
                "Apache-2.0 OR MIT",
                "https://kit.example/",
                "https://kit.example/source"
            ]
        );

        let differs = |name: &str, version: &str| {
            let failure = build(path, &about(name, version)).err().unwrap();
            assert_eq!(failure.code, "wit::identity");
            assert!(failure.message.contains("`acme:kit@0.1.0`"));
            assert!(
                failure
                    .message
                    .ends_with(&format!("this is `{name}@{version}`"))
            );
        };
        differs("acme:kit", "0.2.0");
        differs("acme:kits", "0.1.0");
        let wrong = AboutData {
            licenses: Some("whatever I like".to_owned()),
            ..about("acme:kit", "0.1.0")
        };
        let failure = build(path, &wrong).err().unwrap();
        assert_eq!(failure.code, "wit::metadata");
        assert!(
            failure
                .message
                .contains("`whatever I like` cannot be the licenses")
        );
    }
}
