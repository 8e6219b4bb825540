//! Runs composed components: a function, a command, or an HTTP handler.
//!
//! ```
//! # fn main() -> Result<(), tenon_tests::run::Error> {
//! # let component = wat::parse_str(
//! #     r#"(component
//! #       (core module $m
//! #         (func (export "twice") (param i32) (result i32)
//! #           (i32.mul (local.get 0) (i32.const 2))))
//! #       (core instance $i (instantiate $m))
//! #       (func (export "twice") (param "n" u32) (result u32)
//! #         (canon lift (core func $i "twice"))))"#,
//! # )
//! # .unwrap();
//! use tenon_tests::run;
//!
//! assert_eq!(run::call(&component, "twice", &["21"])?, "42");
//! # Ok(())
//! # }
//! ```
//!
//! Each call compiles what it is given, makes a fresh instance with no files, no environment and
//! no network, and blocks until the guest is done or [`TIME_LIMIT`] has passed. Nothing here may be
//! called from inside an async runtime: it starts its own.

mod host;
#[cfg(test)]
mod tests;

use std::time::Duration;

use futures::future::join;
use http_body_util::{BodyExt, Empty};
use tokio::sync::oneshot;
use wasmtime::Store;
use wasmtime::component::wasm_wave;
use wasmtime::component::{Component, ComponentExportIndex, Func, Val, types::ComponentItem};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;

use host::{Guest, Host, host};

/// How long a guest may take before [`Error::TimedOut`]; compiling it does not count.
pub const TIME_LIMIT: Duration = Duration::from_secs(60);

/// What a command left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    /// The code it exited with: 0 when `run` returned ok, 1 when it returned an error.
    pub exit: i32,
}

/// Why a component gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bytes do not compile: not a component, or one that does not validate.
    #[error("not a component that Wasmtime compiles: {0:#}")]
    Rejected(wasmtime::Error),

    /// It imports what this host does not have.
    #[error("an import is missing, or is not what the component expects: {0:#}")]
    Unlinked(wasmtime::Error),

    /// It does not export what was asked for.
    #[error("it exports no `{wanted}`; its functions are: {}", listed(.exports))]
    NoExport {
        /// The name that was asked for.
        wanted: String,
        /// The functions that it does export, written as [`call`] takes them.
        exports: Vec<String>,
    },

    /// The arguments do not fit the function.
    #[error("cannot call `{export}`: {problem}")]
    Arguments {
        /// The function that was to be called.
        export: String,
        /// Which argument is wrong, and how.
        problem: String,
    },

    /// The function returned something that has no text form.
    #[error("cannot write the result as text: {0}")]
    Unwritable(String),

    /// The guest trapped, or asked the host for something it does not do.
    #[error("the guest failed: {cause:#}{}", quoted(.stderr))]
    Failed {
        /// The trap.
        cause: wasmtime::Error,
        /// What the guest wrote to standard error, such as its panic message.
        stderr: String,
    },

    /// The guest was still running when its time was over.
    #[error("the guest was still running after {limit:?}{}", quoted(.stderr))]
    TimedOut {
        /// The time it had.
        limit: Duration,
        /// What the guest wrote to standard error before that.
        stderr: String,
    },

    /// The host itself could not be set up.
    #[error("cannot set up the host: {0:#}")]
    Host(wasmtime::Error),
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "(none)".into()
    } else {
        names.join(", ")
    }
}

fn quoted(stderr: &str) -> String {
    match stderr.trim_end() {
        "" => String::new(),
        text => format!("\nits standard error:\n{text}"),
    }
}

/// Calls an exported function, and returns its result as [WAVE] text.
///
/// `export` names a function of the component (`"hello"`) or of an interface that it exports
/// (`"ns:pkg/iface@1.0.0#func"`). `args` are WAVE text too: `"21"`, `"\"text\""`, `"{x: 1}"`. An
/// async function is called in the same way.
///
/// A function without a result returns `""`. A map, for which WAVE has no form, is written as the
/// list of its entries.
///
/// [WAVE]: https://docs.rs/wasm-wave
///
/// # Errors
///
/// Every [`Error`]; a resource, a stream, a future or an error context cannot be written.
pub fn call(component: &[u8], export: &str, args: &[&str]) -> Result<String, Error> {
    let component = compile(component)?;
    let Some(index) = find(&component, export) else {
        return Err(Error::NoExport {
            wanted: export.into(),
            exports: exports(&component)?,
        });
    };
    let guest = Guest::new(host()?, &["component"]);
    let results = invoke(guest, &component, &index, |func, store| {
        let ty = func.ty(store);
        let wrong = |problem| Error::Arguments {
            export: export.into(),
            problem,
        };
        let params: Vec<_> = ty.params().collect();
        if params.len() != args.len() {
            return Err(wrong(format!(
                "arguments given: {}, taken: {}",
                args.len(),
                params.len()
            )));
        }
        let parse = |((name, ty), arg): (&(&str, _), &&str)| {
            wasm_wave::from_str::<Val>(ty, arg)
                .map_err(|e| wrong(format!("argument `{name}`, {arg}: {e}")))
        };
        params.iter().zip(args).map(parse).collect()
    });
    let written: Vec<_> = results?.iter().map(write).collect::<Result<_, _>>()?;
    Ok(written.join(", "))
}

/// Runs a command: calls `run` of the `wasi:cli/run` that it exports, of WASI 0.2 or 0.3.
///
/// `args` follow the program's own name, `component`.
///
/// # Errors
///
/// Every [`Error`]; to exit with a code other than 0 is not one.
pub fn command(component: &[u8], args: &[&str]) -> Result<Output, Error> {
    let component = compile(component)?;
    let exports = exports(&component)?;
    let run = exports
        .iter()
        .find(|e| e.starts_with("wasi:cli/run@") && e.ends_with("#run"));
    let Some(index) = run.and_then(|run| find(&component, run)) else {
        return Err(Error::NoExport {
            wanted: "wasi:cli/run".into(),
            exports,
        });
    };
    let argv: Vec<_> = ["component"].iter().chain(args).copied().collect();
    let guest = Guest::new(host()?, &argv);
    let stdio = guest.stdio.clone();
    let exit = match invoke(guest, &component, &index, |_, _| Ok(vec![])) {
        Ok(results) => i32::from(matches!(results.as_slice(), [Val::Result(Err(_))])),
        Err(Error::Failed { cause, stderr }) => match cause.downcast_ref::<I32Exit>() {
            Some(exit) => exit.0,
            None => return Err(Error::Failed { cause, stderr }),
        },
        Err(other) => return Err(other),
    };
    Ok(Output {
        stdout: stdio.stdout(),
        stderr: stdio.stderr(),
        exit,
    })
}

/// Sends `GET` requests for `paths` to the `wasi:http/incoming-handler` (WASI 0.2) that the
/// component exports, each to a fresh instance, and returns the status and the body of each answer.
///
/// No socket is opened, and a request that the guest sends out is denied.
///
/// # Errors
///
/// Every [`Error`] but [`Error::Arguments`] and [`Error::Unwritable`]. An answer with an error
/// status is an answer; a handler that gives none has failed.
pub fn serve(component: &[u8], paths: &[&str]) -> Result<Vec<(u16, String)>, Error> {
    let component = compile(component)?;
    let exports = exports(&component)?;
    if !exports
        .iter()
        .any(|e| e.starts_with("wasi:http/incoming-handler@0.2."))
    {
        return Err(Error::NoExport {
            wanted: "wasi:http/incoming-handler@0.2".into(),
            exports,
        });
    }
    let pre = host()?
        .linker
        .instantiate_pre(&component)
        .map_err(Error::Unlinked)?;
    let pre = ProxyPre::new(pre).map_err(Error::Unlinked)?;
    let answer = |path: &&str| {
        let guest = Guest::new(host()?, &["component"]);
        guest
            .stdio
            .clone()
            .within(TIME_LIMIT, get(&pre, guest.store, path))
    };
    paths.iter().map(answer).collect()
}

async fn get(
    pre: &ProxyPre<Host>,
    mut store: Store<Host>,
    path: &str,
) -> wasmtime::Result<(u16, String)> {
    let uri = format!("http://localhost{path}");
    let request = http::Request::get(uri).body(Empty::new())?;
    let (sender, receiver) = oneshot::channel();
    let mut http = store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let out = http.new_response_outparam(sender)?;

    // The store goes when the guest is done, and the sender with it: so an answer that was never
    // given ends the wait below.
    let guest = async move {
        let proxy = pre.instantiate_async(&mut store).await?;
        proxy
            .wasi_http_incoming_handler()
            .call_handle(&mut store, request, out)
            .await
    };
    // Both at once: a guest may go on writing the body while it is read.
    let answer = async move {
        let Ok(response) = receiver.await else {
            wasmtime::bail!("the handler returned and gave no answer");
        };
        let (parts, body) = response?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok((
            parts.status.as_u16(),
            String::from_utf8_lossy(&body).into_owned(),
        ))
    };
    let (guest, answer) = join(guest, answer).await;
    guest?;
    answer
}

fn compile(component: &[u8]) -> Result<Component, Error> {
    Component::from_binary(&host()?.engine, component).map_err(Error::Rejected)
}

fn find(component: &Component, export: &str) -> Option<ComponentExportIndex> {
    let (instance, function) = match export.rsplit_once('#') {
        Some((instance, function)) => (Some(component.get_export_index(None, instance)?), function),
        None => (None, export),
    };
    let (item, index) = component.get_export(instance.as_ref(), function)?;
    matches!(item, ComponentItem::ComponentFunc(_)).then_some(index)
}

/// The functions that a component exports, written as [`call`] takes them.
fn exports(component: &Component) -> Result<Vec<String>, Error> {
    let engine = &host()?.engine;
    let mut names = vec![];
    for (name, item) in component.component_type().exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(_) => names.push(name.to_owned()),
            ComponentItem::ComponentInstance(instance) => {
                for (function, item) in instance.exports(engine) {
                    if matches!(item.ty, ComponentItem::ComponentFunc(_)) {
                        names.push(format!("{name}#{function}"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

/// Calls one export of a fresh instance with what `params` makes of its type.
fn invoke(
    guest: Guest,
    component: &Component,
    export: &ComponentExportIndex,
    params: impl FnOnce(&Func, &Store<Host>) -> Result<Vec<Val>, Error>,
) -> Result<Vec<Val>, Error> {
    let Guest { mut store, stdio } = guest;
    let pre = host()?
        .linker
        .instantiate_pre(component)
        .map_err(Error::Unlinked)?;
    stdio.within(TIME_LIMIT, async {
        let instance = pre.instantiate_async(&mut store).await?;
        let Some(func) = instance.get_func(&mut store, export) else {
            wasmtime::bail!("the export is gone from the instance");
        };
        let params = match params(&func, &store) {
            Ok(params) => params,
            Err(e) => return Ok(Err(e)),
        };
        let mut results = vec![Val::Bool(false); func.ty(&store).results().len()];
        func.call_async(&mut store, &params, &mut results).await?;
        Ok(Ok(results))
    })?
}

fn write(val: &Val) -> Result<String, Error> {
    wasm_wave::to_string(&writable(val)?).map_err(|e| Error::Unwritable(e.to_string()))
}

/// The same value in the forms that WAVE has.
fn writable(val: &Val) -> Result<Val, Error> {
    let all = |vals: &[Val]| vals.iter().map(writable).collect::<Result<Vec<_>, _>>();
    let boxed = |val: &Option<Box<Val>>| {
        val.as_ref()
            .map(|val| writable(val).map(Box::new))
            .transpose()
    };
    let none = |what: &str| Err(Error::Unwritable(format!("it holds {what}")));
    Ok(match val {
        Val::Map(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|(k, v)| Val::Tuple(vec![k.clone(), v.clone()]))
                .collect();
            Val::List(all(&entries)?)
        }
        Val::List(vals) => Val::List(all(vals)?),
        Val::FixedLengthList(vals) => Val::FixedLengthList(all(vals)?),
        Val::Tuple(vals) => Val::Tuple(all(vals)?),
        Val::Record(fields) => {
            let field = |(name, val): &(String, Val)| Ok((name.clone(), writable(val)?));
            Val::Record(fields.iter().map(field).collect::<Result<_, Error>>()?)
        }
        Val::Variant(case, val) => Val::Variant(case.clone(), boxed(val)?),
        Val::Option(val) => Val::Option(boxed(val)?),
        Val::Result(Ok(val)) => Val::Result(Ok(boxed(val)?)),
        Val::Result(Err(val)) => Val::Result(Err(boxed(val)?)),
        Val::Resource(_) => return none("a resource"),
        Val::Stream(_) => return none("a stream"),
        Val::Future(_) => return none("a future"),
        Val::ErrorContext(_) => return none("an error context"),
        plain => plain.clone(),
    })
}
