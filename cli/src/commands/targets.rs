//! `tenon targets`: whether a component can run where a world is offered.

use crate::args::{Global, Targets};
use crate::error::{Failure, wit_failure};
use crate::source::Sources;
use crate::suggestion::is_near;
use crate::ui::{Document, Ui};
use crate::wit::{self, Gates};
use serde::Serialize;
use tenon_composer::{Arena, Bodies, Source, World, targets};

#[derive(Serialize)]
struct TargetsContent {
    component: String,
    world: String,
    conforms: bool,
}

pub(crate) fn run(ui: &Ui, args: &Targets, global: &Global) -> Result<(), Failure> {
    let sources = Sources { ui, global };
    let component = sources.open(&args.component)?;
    let (resolve, package) = wit::read(sources, &args.wit, Gates::Closed)?;
    let package = wit_component::encode(&resolve, package, false)
        .map_err(|error| wit_failure(&args.wit, &error))?;
    let mut arena = Arena::new();
    let source = |name: &str, input| Source {
        name: name.to_owned(),
        input,
        digest: None,
        bodies: Bodies::Skip,
    };
    let id = arena.read(source(&args.component, component.input()))?;
    let worlds = arena.read_wit_package(source(&args.wit, &package))?;
    let world = choose(&worlds, args.world.as_deref(), &args.wit)?;
    let differences = targets(&arena, id, world);
    let Some((first, rest)) = differences.split_first() else {
        if ui.json {
            return ui.document(&Document::new(
                "tenon/targets/1",
                TargetsContent {
                    component: args.component.clone(),
                    world: world.name.clone(),
                    conforms: true,
                },
            ));
        }
        ui.say(&format!("`{}` targets `{}`", args.component, world.name));
        return Ok(());
    };
    Err(Failure::new(
        "cli::targets",
        format!(
            "`{}` does not target `{}`: {first}",
            args.component, world.name
        ),
    )
    .notes(rest.iter().map(ToString::to_string))
    .help("build the component against this world, or choose a world that offers what it imports"))
}

fn choose<'w>(worlds: &'w [World], name: Option<&str>, wit: &str) -> Result<&'w World, Failure> {
    let names = || {
        let names: Vec<_> = worlds
            .iter()
            .map(|w| format!("`{}`", w.short_name()))
            .collect();
        names.join(", ")
    };
    match (name, worlds) {
        (_, []) => {
            Err(Failure::usage(format!("`{wit}` has no world"))
                .help("name the WIT that has the world"))
        }
        (None, [world]) => Ok(world),
        (None, _) => Err(
            Failure::usage(format!("`{wit}` has several worlds: {}", names()))
                .help("choose one with `--world NAME`"),
        ),
        (Some(name), _) => worlds
            .iter()
            .find(|world| world.short_name() == name || world.name == name)
            .ok_or_else(|| {
                let nearest = worlds
                    .iter()
                    .map(World::short_name)
                    .min_by_key(|world| strsim::levenshtein(world, name))
                    .filter(|world| is_near(name, world));
                Failure::usage(format!("`{wit}` has no world `{name}`; it has {}", names())).help(
                    match nearest {
                        Some(nearest) => format!("did you mean `{nearest}`?"),
                        None => "choose one of them".to_owned(),
                    },
                )
            }),
    }
}
