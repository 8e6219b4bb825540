//! What is asked of a plan.

use crate::component::{Arena, ComponentId};
use crate::error::Error;
use crate::name::Versions;
use crate::plug::lineup::Lineup;

/// What to plug into what, and how.
///
/// Nothing but sockets and plugs need be said; the rest is for what matching by name and type does not
/// decide as it should.
///
/// ```
/// use tenon_composer::{Member, Request, Versions};
/// # fn request(app: tenon_composer::ComponentId, log: tenon_composer::ComponentId) {
/// let mut request = Request::new([app], [log]);
/// request.versions = Versions::Lowest;
/// request.prefer = vec![Member::Plug(0)];
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Request {
    /// The components whose imports are filled, and whose exports the composition has. They do not fill
    /// each other's imports, unless they are wired.
    pub sockets: Vec<ComponentId>,
    /// The components that may fill imports, the sockets' and each other's. Each is one instance at most:
    /// a component that is given twice may become two.
    pub plugs: Vec<ComponentId>,
    /// Chains: the first fills the imports of whoever is not in the chain, the second those of the first,
    /// and so on.
    pub chains: Vec<Vec<Member>>,
    /// Imports of which it is said what fills them.
    pub wires: Vec<WireRequest>,
    /// Where several plugs fit an import equally well, the first of these is the one.
    pub prefer: Vec<Member>,
    /// Imports that stay open though something would fit.
    pub keep: Vec<KeepRequest>,
    /// What the composition exports besides the exports of its sockets; or which of theirs, where two have
    /// one name.
    pub exports: Vec<ExportRequest>,
    /// What the composition imports or exports under another name.
    pub renames: Vec<RenameRequest>,
    /// What becomes of an interface that stays imported in several versions on one track.
    pub versions: Versions,
    /// Whether open imports (other than the host's to fill, and those to be kept) and useless plugs are
    /// errors.
    pub strict: bool,
}

/// A component of a [`Request`], by its place there from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Member {
    /// A socket.
    Socket(usize),
    /// A plug.
    Plug(usize),
}

/// What fills one import, whatever else would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// Whose import it is.
    pub consumer: Member,
    /// The import's name; the version may be left out where there is only one.
    pub import: String,
    /// What fills it.
    pub provider: Member,
    /// Which export of that.
    pub export: WiredExport,
}

/// Which export of the provider a wire begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WiredExport {
    /// The one that fits best by its name; or else the only one that fits by its type.
    Fitting,
    /// The one of this name; the version may be left out where there is only one.
    Named(String),
    /// The instance as a whole, as an interface with all its exports.
    Whole,
}

/// An import that stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeepRequest {
    /// Whose import it is; everybody's, if not given.
    pub consumer: Option<Member>,
    /// The import's name; without a version it is the interface in every version.
    pub import: String,
}

/// An export of a socket or plug that the composition exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// Whose export it is.
    pub of: Member,
    /// The export's name; the version may be left out where there is only one.
    pub export: String,
    /// What to call it; what it is called, if not given.
    pub name: Option<String>,
}

/// Another name for something that the composition imports or exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenameRequest {
    /// Whether it is about imports or exports; about both, if not given.
    pub side: Option<Side>,
    /// Whose import or export it is, and `from` what it is called there; if not given, `from` is what the
    /// composition would call it.
    pub of: Option<Member>,
    /// Its name; the version may be left out where there is only one.
    pub from: String,
    /// Its new name.
    pub to: String,
}

/// Imports or exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// What the composition imports.
    Import,
    /// What it exports.
    Export,
}

impl Request {
    /// A request to plug `plugs` into `sockets`, with nothing else said.
    pub fn new(
        sockets: impl IntoIterator<Item = ComponentId>,
        plugs: impl IntoIterator<Item = ComponentId>,
    ) -> Request {
        Request {
            sockets: sockets.into_iter().collect(),
            plugs: plugs.into_iter().collect(),
            ..Request::default()
        }
    }

    /// The socket or plug of this name: the name it was read under, with a number from 2 where the same
    /// component was given before. Of a package, the version may be left out.
    ///
    /// # Errors
    ///
    /// It is an error if none has the name, or components that differ have it.
    ///
    /// # Panics
    ///
    /// Panics if a component of the request comes from another arena.
    pub fn member(&self, arena: &Arena<'_>, name: &str) -> Result<Member, Error> {
        Lineup::of(arena, self)?.find(name)
    }
}
