//! The bill of materials of what is published, attached to it where other tools look for it.

use crate::args::Global;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::oci::{Foreign, bom};
use crate::publication::Publication;
use crate::remote::Remote;
use crate::ui::Ui;
use tenon_registry_client::http::oci::{Descriptor, Pick, Repository, tag_of};
use tenon_registry_client::name::{PackageName, Version};

/// Attaches the bill of materials that a component carries to its manifest; the digest of the manifest that does.
pub(super) fn attach(
    foreign: &Foreign,
    repository: &Repository,
    subject: &Descriptor,
    publication: &Publication,
) -> Result<Option<String>, Failure> {
    let Some(bill) = bom::cyclonedx(&publication.bill) else {
        return Ok(None);
    };
    let attached = foreign.wait_raw(foreign.client.attach(repository, subject, &bill));
    attached
        .map(|digest| Some(digest.to_string()))
        .map_err(|error| unattached(error.into()))
}

/// As [`attach`], to a release that is in a log, if its registry is one for OCI clients, too.
pub(super) fn attach_to_release(
    ui: &Ui,
    global: &Global,
    remote: &Remote,
    (package, version): (&PackageName, &Version),
    publication: &Publication,
) -> Result<Option<String>, Failure> {
    let found =
        (!publication.bill.is_empty()).then(|| Foreign::at(ui, global, &remote.registry.url));
    let (Some(foreign), Some(tag)) = (found.transpose()?.flatten(), tag_of(version)) else {
        return Ok(None);
    };
    let name = format!("{}/{}", package.namespace(), package.name());
    let Ok(repository) = name.parse::<Repository>() else {
        return Ok(None);
    };
    let pick = Pick::Tag(tag);
    match foreign.wait_raw(foreign.client.manifest(&repository, &pick)) {
        Ok(named) => attach(
            &foreign,
            &repository,
            &Descriptor::from(&named),
            publication,
        ),
        // Not every registry with a log has a door for OCI clients.
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(unattached(error.into())),
    }
}

fn unattached(failure: Failure) -> Failure {
    Failure {
        exit: ExitKind::Failure,
        ..failure
    }
    .cause("the component is published, and its bill of materials is not attached to it")
    .help("run the same command again: what is published already is not published twice")
}
