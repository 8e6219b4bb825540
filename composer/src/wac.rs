//! The WAC language: documents that say which components are instantiated, with what, and what comes of it.
//!
//! WAC is WIT with three statements more: `import`, `let` and `export`. This module reads the text of documents, writes it
//! again, and finds out what it means.
//!
//! ```
//! use tenon_composer::wac::{format, parse};
//!
//! let source = "package acme:app;let app=new acme:http-app@^1.2{log:new acme:logger{},...};export app...;";
//! let parsed = parse(source);
//! assert!(parsed.errors.is_empty());
//! assert_eq!(parsed.document.statements.len(), 2);
//! assert_eq!(format(&parsed).unwrap(), "\
//! package acme:app;
//! let app = new acme:http-app@^1.2 { log: new acme:logger {}, ... };
//! export app...;
//! ");
//! ```
//!
//! A document is read to its end, whatever is wrong with it: each error has a stable code, a place and a help.
//!
//! ```
//! use tenon_composer::wac::parse;
//!
//! let parsed = parse("package acme:app;\nimprot log: acme:log/log;\nlet app = new acme:app { log: };\n");
//! let messages: Vec<_> = parsed.errors.iter().map(|error| error.to_string()).collect();
//! assert_eq!(messages.len(), 2);
//! assert_eq!(parsed.errors[0].help(), Some("is `import` meant?"));
//! assert_eq!(messages[1], "expected an expression: a name, `new …` or `(…)`, found `}`");
//! ```
//!
//! # The meaning
//!
//! A document means a [`Graph`](crate::Graph). [`wanted`] says which packages it names; they are found by whoever reads it.
//!
//! ```
//! use tenon_composer::wac::{Packages, parse, resolve, wanted};
//! use tenon_composer::{Arena, Options, Source, encode};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let parsed = parse("package acme:it;\nlet app = new acme:app { ... };\nexport app.run;\n");
//! let names: Vec<_> = wanted(&parsed.document).into_iter().map(|package| package.name).collect();
//! assert_eq!(names, ["acme:app"]);
//!
//! let app = wat::parse_str(r#"(component (import "run" (func $run)) (export "run" (func $run)))"#)?;
//! let mut arena = Arena::new();
//! let mut packages = Packages::new();
//! packages.add("acme:app", arena.read_release(Source::new("app.wasm", &app))?);
//! let resolution = resolve(&mut arena, &parsed.document, &packages).map_err(|errors| errors[0].clone())?;
//! let graph = resolution.graph().clone();
//! let composition = encode(arena, graph, &Options::default())?;
//! assert_eq!(composition.imports[0].name, "run");
//!
//! let parsed = parse("package acme:it;\nexport ap.run;\n");
//! let errors = resolve(&mut Arena::new(), &parsed.document, &Packages::new()).unwrap_err();
//! assert_eq!(errors[0].to_string(), "nothing is called `ap` here");
//! # Ok(())
//! # }
//! ```
//!
//! # The grammar
//!
//! That of [WIT](https://github.com/WebAssembly/component-model/blob/main/design/mvp/WIT.md), and of WAC's language
//! guide. Beyond both:
//!
//! - A package in `new`, in an `import` statement and after `targets` may have a version requirement: `acme:log@^1.2`,
//!   `acme:log@>=1, <3`, `acme:log@*`. What is a whole version, such as `1.2.0`, means that one. Elsewhere, versions are whole.
//! - Every word can be a name where a name must be, and keywords are such only where they mean something: functions may be
//!   called `use` or `record`, and locals `new` or `stream`. Only the types that are always there cannot be the names of
//!   other types; `%` before a word helps, and is never part of the name. `map` and `own` are types where a `<` follows.
//! - The `;` after `interface { … }` in a world, and after `with { … }`, may be there or not.

mod ast;
mod error;
mod explain;
mod format;
mod lexer;
mod parse;
mod resolve;
mod span;
mod token;

pub use ast::{
    Argument, Attribute, Case, Definition, Doc, Document, Export, ExportAs, Expression, Extern,
    ExternKind, ExternName, Field, Flavor, Func, FuncRef, FuncType, Ident, Import, ImportKind,
    Include, IncludeName, InlineInterface, Interface, InterfaceItem, Label, Let, NestedPackage,
    New, PackageDecl, PackageName, PackagePath, Postfix, Primary, Primitive, ResourceItem,
    Statement, Text, TopUse, Type, TypeDecl, TypeKind, Use, UseItem, UsePath, Version, Wanted,
    World, WorldItem,
};
pub use error::{SyntaxError, SyntaxErrorKind};
pub use explain::explanations;
pub use format::format;
pub use lexer::{Lexed, MAX_ERRORS, MAX_LEN, lex};
pub use parse::{MAX_DEPTH, Parsed, parse, parse_body};
pub use resolve::{
    Packages, Resolution, ResolveError, ResolveErrorKind, WantedPackage, resolve, wanted,
};
pub use span::Span;
pub use token::{Comment, Token, TokenKind};
