//! The engine, the linker, and the state of one guest.

use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use wasmtime::component::{Linker, ResourceTable};
use wasmtime::{Config, Engine, OptLevel, Store};
use wasmtime_wasi::p2::pipe::MemoryOutputPipe;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use super::Error;

/// How often a busy guest lets the clock have a look.
const TICK: Duration = Duration::from_millis(100);

/// The most that a guest may write to one of its standard streams.
const STREAM_LIMIT: usize = 64 << 20;

/// What all guests share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) linker: Linker<Host>,
}

/// The one engine of this process, and its linker.
pub(super) fn host() -> Result<&'static Shared, Error> {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    if let Some(shared) = SHARED.get() {
        return Ok(shared);
    }
    let engine = Engine::new(&config()).map_err(Error::Host)?;
    let linker = linker(&engine).map_err(Error::Host)?;
    Ok(SHARED.get_or_init(|| {
        let ticking = engine.weak();
        thread::spawn(move || {
            while let Some(engine) = ticking.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        });
        Shared { engine, linker }
    }))
}

/// Every proposal that a validator accepts by default, and those of the component model besides.
///
/// Wasmtime's own defaults are less: WebAssembly 3.0, and threads without shared memories.
fn config() -> Config {
    let mut config = Config::new();
    config
        .shared_memory(true)
        .wasm_wide_arithmetic(true)
        .wasm_component_model_async(true)
        .wasm_component_model_async_stackful(true)
        .wasm_component_model_more_async_builtins(true)
        .wasm_component_model_error_context(true)
        .wasm_component_model_fixed_length_lists(true)
        .wasm_component_model_implements(true)
        .wasm_component_model_map(true)
        .wasm_component_model_memory64(true);
    // A guest here is compiled once and runs for a moment.
    config.cranelift_opt_level(OptLevel::None);
    // A guest that spins gives way at every tick, so that the time limit can end it.
    config.epoch_interruption(true);
    config
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<Host>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    Ok(linker)
}

/// The standard streams of a guest, which outlive it.
#[derive(Clone)]
pub(super) struct Stdio {
    stdout: MemoryOutputPipe,
    stderr: MemoryOutputPipe,
}

impl Stdio {
    pub(super) fn new() -> Self {
        let pipe = || MemoryOutputPipe::new(STREAM_LIMIT);
        Self {
            stdout: pipe(),
            stderr: pipe(),
        }
    }

    pub(super) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.stdout.contents()).into_owned()
    }

    pub(super) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.stderr.contents()).into_owned()
    }

    /// Runs what a guest does to its end, or to that of its time.
    pub(super) fn within<T>(
        &self,
        limit: Duration,
        guest: impl Future<Output = wasmtime::Result<T>>,
    ) -> Result<T, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::Host(e.into()))?;
        let limited = runtime.block_on(async { tokio::time::timeout(limit, guest).await });
        match limited {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(cause)) => Err(Error::Failed {
                cause,
                stderr: self.stderr(),
            }),
            Err(_) => Err(Error::TimedOut {
                limit,
                stderr: self.stderr(),
            }),
        }
    }
}

/// A store for one guest, and where its output goes.
pub(super) struct Guest {
    pub(super) store: Store<Host>,
    pub(super) stdio: Stdio,
}

impl Guest {
    pub(super) fn new(shared: &Shared, argv: &[&str]) -> Self {
        let stdio = Stdio::new();
        let wasi = WasiCtx::builder()
            .args(argv)
            .stdout(stdio.stdout.clone())
            .stderr(stdio.stderr.clone())
            .build();
        let host = Host {
            wasi,
            http: WasiHttpCtx::new(),
            outgoing: NoNetwork,
            table: ResourceTable::new(),
        };
        let mut store = Store::new(&shared.engine, host);
        store.epoch_deadline_async_yield_and_update(1);
        Self { store, stdio }
    }
}

/// The host's side of one guest.
pub(super) struct Host {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: NoNetwork,
    table: ResourceTable,
}

impl WasiView for Host {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Host {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outgoing,
        }
    }
}

/// Denies every request that a guest sends out.
struct NoNetwork;

/// An answer to a request that a guest sent out, and the rest of its exchange.
type Exchange = (
    http::Response<WasiBody>,
    Box<dyn Future<Output = Result<(), HttpError>> + Send>,
);

impl WasiHttpHooks for NoNetwork {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _sent: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Result<Exchange, HttpError>> + Send> {
        Box::new(async { Err(HttpError::HttpRequestDenied) })
    }
}
