//! A registry, as commands talk to it.

use crate::args::Global;
use crate::choice::{self, Choice, Sought};
use crate::config::{Config, Registry, RegistryName};
use crate::credentials;
use crate::error::Failure;
use crate::exit::ExitKind;
use crate::places::Place;
use crate::ui::{self, Ui};
use futures_util::{StreamExt, stream};
use std::future::Future;
use std::sync::{Arc, OnceLock};
use tenon_registry_client::api::{Problem, ProblemCode};
use tenon_registry_client::http::{
    BaseUrl, Client, Credentials, Error, ErrorKind, Network, Options, Token,
};
use tenon_registry_client::name::Namespace;
use tenon_registry_client::state::LockError;
use tenon_registry_client::verify::VerifyError;
use tokio::runtime::{Builder, Runtime};

/// How much is asked for at once.
const AT_ONCE: usize = 8;

/// The most characters of what a registry says of an error.
const MAX_REASON: usize = 1_000;

/// A registry to talk to.
pub(crate) struct Remote {
    pub(crate) name: RegistryName,
    pub(crate) registry: Registry,
    pub(crate) client: Client,
    /// Whether there is a token in the environment that it is not shown.
    withheld: bool,
    runtime: &'static Runtime,
}

/// The user's tokens, which are not looked for before a registry asks.
struct Tokens {
    config: Config,
    flag: Option<String>,
    registry: Registry,
}

impl Remote {
    /// The registry that a package, or the packages of a namespace, come from.
    pub(crate) fn of<'s>(
        ui: &Ui,
        global: &Global,
        sought: impl Into<Sought<'s>>,
    ) -> Result<Remote, Failure> {
        let (config, sought) = (Config::read()?, sought.into());
        let choice = choice::choose_for(&config, global.registry.as_deref(), sought)?;
        Remote::open(ui, global, &config, choice, Some(sought.namespace()))
    }

    /// The registry that is meant where no namespace is.
    pub(crate) fn chosen(ui: &Ui, global: &Global) -> Result<Remote, Failure> {
        let config = Config::read()?;
        let choice = choice::choose(&config, global.registry.as_deref())?;
        Remote::open(ui, global, &config, choice, None)
    }

    fn open(
        ui: &Ui,
        global: &Global,
        config: &Config,
        choice: Choice<'_>,
        namespace: Option<&Namespace>,
    ) -> Result<Remote, Failure> {
        for warning in choice::warnings(config, namespace, choice) {
            ui.warn_once(&warning);
        }
        let flag = global.registry.as_deref();
        let withheld = credentials::is_withheld(config, flag, &choice.registry.url);
        let remote = Remote::connect(ui, global, choice, Tokens::of(config, global, choice))?;
        Ok(Remote { withheld, ..remote })
    }

    /// A registry that is shown no token but this one.
    pub(crate) fn with_token(
        ui: &Ui,
        global: &Global,
        choice: Choice<'_>,
        token: Token,
    ) -> Result<Remote, Failure> {
        Remote::connect(ui, global, choice, token)
    }

    fn connect(
        ui: &Ui,
        global: &Global,
        choice: Choice<'_>,
        credentials: impl Credentials + 'static,
    ) -> Result<Remote, Failure> {
        let registry = choice.registry.clone();
        let mut options = Options::new(
            registry.url.clone(),
            registry.pin.clone(),
            Place::State.folder()?,
            Place::Cache.folder()?,
        );
        options.rules = registry.rules.clone();
        options.credentials = Arc::new(credentials);
        options.progress = ui.progress();
        options.network = match global.offline {
            true => Network::Offline,
            false => Network::Online,
        };
        Ok(Remote {
            client: Client::new(options)?,
            name: choice.name.clone(),
            registry,
            withheld: false,
            runtime: runtime()?,
        })
    }

    /// Waits for what the client does.
    pub(crate) fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Failure> {
        self.wait_raw(work).map_err(|error| self.failure(error))
    }

    /// Waits for what the client does, where its errors decide what comes next.
    pub(crate) fn wait_raw<T>(
        &self,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        self.runtime.block_on(work)
    }

    /// Waits for all of some work, which may be with other registries, too. Some of it is done at once; the results are
    /// in the order of the work.
    pub(crate) fn wait_for_all<F: Future>(
        &self,
        work: impl IntoIterator<Item = F>,
    ) -> Vec<F::Output> {
        let work = stream::iter(work).buffered(AT_ONCE);
        self.runtime.block_on(work.collect())
    }

    /// An error of the client as it is reported.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        let forked = matches!(error.verify(), Some(VerifyError::SplitView { .. }))
            || matches!(&*error.kind, ErrorKind::Lock(LockError::Fork { .. }));
        let kept = self.client.state_dir().path();
        let note = format!("both checkpoints are kept in `{}`", kept.display());
        let failure = Failure::from(error).notes(forked.then_some(note));
        let unshown = self.withheld && failure.code == "registry::login";
        failure.notes(unshown.then(|| {
            format!(
                "`{}` is for another registry, and was not shown to this one; it would be with `{}={}`",
                credentials::VARIABLE,
                choice::VARIABLE,
                self.registry.url
            )
        }))
    }
}

/// What all registries are waited for with: a connection is kept alive by that in which it was opened, whichever
/// registry is waited for.
pub(crate) fn runtime() -> Result<&'static Runtime, Failure> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    if let Some(runtime) = RUNTIME.get() {
        return Ok(runtime);
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime
        .map_err(|error| Failure::new("cli::io", "the network cannot be used").cause(error))?;
    Ok(RUNTIME.get_or_init(|| runtime))
}

impl Tokens {
    fn of(config: &Config, global: &Global, choice: Choice<'_>) -> Tokens {
        Tokens {
            config: config.clone(),
            flag: global.registry.clone(),
            registry: choice.registry.clone(),
        }
    }
}

impl Credentials for Tokens {
    fn token(
        &self,
        _: &BaseUrl,
    ) -> Result<Option<Token>, Box<dyn std::error::Error + Send + Sync>> {
        let found = credentials::find(&self.config, self.flag.as_deref(), &self.registry.url);
        let found = found.map_err(|failure| failure.summary())?;
        Ok(found
            .map(|(token, _)| Token::new(token.expose()))
            .transpose()?)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let causes =
            std::iter::successors(std::error::Error::source(&error), |error| error.source());
        let causes = causes
            .map(|cause| ui::clean_line(&cause.to_string()))
            .collect();
        if let Some(proved) = error.verify().filter(|verify| is_proved(verify)) {
            return Failure::new(proved.code(), proved.to_string())
                .cause("the log proves it")
                .help(proved.help());
        }
        let exit = match () {
            () if error.is_verification() => ExitKind::Refused,
            () if error.is_unavailable() => ExitKind::Unavailable,
            () => ExitKind::Failure,
        };
        let failure = Failure {
            causes,
            exit,
            ..Failure::new(code(&error), ui::clean_line(&error.to_string()))
        };
        let mut failure = match (error.verify(), error.problem()) {
            (Some(verify), _) => failure.help(verify.help()),
            (None, Some(problem)) => {
                let request = ui::clean_line(&problem.instance);
                failure
                    .cause(ui::clean_line_of(&problem.detail, MAX_REASON))
                    .notes([format!("the registry knows this request as `{request}`")])
            }
            (None, None) => failure.reasons(&error),
        };
        if failure.help.is_none() {
            failure.help = help(&error).map(str::to_owned);
        }
        failure
    }
}

impl Failure {
    /// With what an OCI registry says of an error.
    fn reasons(self, error: &Error) -> Failure {
        match &*error.kind {
            ErrorKind::Oci { message, .. } if !message.is_empty() => {
                // It may have a command with a key.
                self.cause(ui::clean_line_of(message, MAX_REASON))
            }
            _ => self,
        }
    }
}

/// Whether it is no doubt about the registry, but what its log proves.
pub(crate) fn is_proved(error: &VerifyError) -> bool {
    matches!(
        error,
        VerifyError::NoSuchPackage(_)
            | VerifyError::NoSuchRelease { .. }
            | VerifyError::TakenDown { .. }
    )
}

fn code(error: &Error) -> &'static str {
    match &*error.kind {
        ErrorKind::Verify(error) => error.code(),
        ErrorKind::Problem(Problem { status: 401, .. }) | ErrorKind::Status(401) => {
            "registry::login"
        }
        ErrorKind::Problem(_) | ErrorKind::Status(_) => "registry::problem",
        ErrorKind::Oci {
            status: 401 | 403, ..
        } => "oci::login",
        ErrorKind::Oci { status: 404, .. } => "oci::not-found",
        ErrorKind::Oci { .. } | ErrorKind::NotCreated { .. } => "oci::refused",
        ErrorKind::ContentDiffers { .. } => "oci::content",
        ErrorKind::NoComponent { .. } => "oci::no-component",
        ErrorKind::NoMatch(_) => "registry::no-match",
        ErrorKind::Offline(_) => "registry::offline",
        ErrorKind::OutcomeUnknown { .. } => "registry::outcome-unknown",
        ErrorKind::Lock(_) | ErrorKind::LockDiffers { .. } => "registry::lock",
        ErrorKind::LogDiffers { .. } => "registry::log-differs",
        ErrorKind::Store(_) | ErrorKind::Contended(_) | ErrorKind::Setup(_) => "registry::files",
        ErrorKind::Credentials(_) => "registry::credentials",
        _ => "registry::unavailable",
    }
}

fn help(error: &Error) -> Option<&'static str> {
    Some(match &*error.kind {
        ErrorKind::Problem(Problem { status: 401, .. }) | ErrorKind::Status(401) => {
            "log in with `tenon login`, with a token that the registry's operator gives"
        }
        ErrorKind::Problem(Problem { status: 403, .. }) | ErrorKind::Status(403) => {
            "ask for the right, or use another token or key"
        }
        ErrorKind::Problem(problem) if problem.code == ProblemCode::VersionBreaking => {
            "`--allow-breaking` does not count here: publish it as a version of the next track, or ask whoever runs the registry"
        }
        ErrorKind::Problem(problem) if problem.status == 409 => {
            "something else was logged meanwhile: give the command again"
        }
        ErrorKind::Oci { status: 401, .. } => {
            "log in with `docker login` or `podman login`, or with `tenon login` to a registry of tenon"
        }
        ErrorKind::Oci { status: 403, .. } => {
            "do what the registry says, ask for the right, or log in as someone else"
        }
        ErrorKind::Oci { status: 404, .. } => {
            "check the name of the repository, and the tag or digest; or your token may not read it: whoever may not sees it as not there"
        }
        ErrorKind::NotCreated { .. } => {
            "whether it is there is not known: try again, and if it stays so, tell the registry's operator"
        }
        ErrorKind::ContentDiffers { .. } => {
            "nothing of it was kept: try again, and if it stays so, tell the registry's operator"
        }
        ErrorKind::NoComponent { .. } => {
            "push it as `tenon publish --oci`, `wkg oci push`, or `oras push` with one layer of `application/wasm`"
        }
        ErrorKind::Connect(_) => {
            "check that the registry is running, and its address, as it was given or as `tenon registry list` has it"
        }
        ErrorKind::Tls(_) => {
            "check the address: is it another registry, or one on this machine that is reached by `http://`?"
        }
        ErrorKind::Lock(_) | ErrorKind::LockDiffers { .. } => {
            "find out which of the two is right before going on: the lock file, or the registry"
        }
        ErrorKind::NoMatch(_) => {
            "`tenon info` lists the releases; a yanked one is taken by its exact version only"
        }
        ErrorKind::Offline(_) => "leave `--offline` away once, so that it is fetched and kept",
        ErrorKind::OutcomeUnknown { .. } => {
            "run the same command again: what was logged is not logged twice"
        }
        _ => return None,
    })
}
