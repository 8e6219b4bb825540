//! `tenon key`: the keys that sign what is published.

use crate::args::{Key, KeyCheck, KeyGenerate, KeyShow};
use crate::error::Failure;
use crate::keys::{self, Stored};
use crate::secret::Passphrase;
use crate::ui::{self, Document, Ui};
use serde::Serialize;

#[derive(Serialize)]
struct KeyContent {
    name: String,
    vkey: String,
    passphrase: bool,
    path: String,
}

#[derive(Serialize)]
struct KeysContent {
    keys: Vec<KeyContent>,
    /// Why files that should be keys are none.
    unusable: Vec<String>,
}

pub(crate) fn run(ui: &Ui, command: &Key) -> Result<(), Failure> {
    match command {
        Key::Generate(args) => generate(ui, args),
        Key::List(_) => list(ui),
        Key::Show(args) => show(ui, args),
        Key::Check(args) => check(ui, args),
    }
}

fn generate(ui: &Ui, args: &KeyGenerate) -> Result<(), Failure> {
    let passphrase = match args.passphrase {
        true => Some(Passphrase::Prompt),
        false => args.passphrase_file.clone().map(Passphrase::File),
    };
    let key = keys::generate(&args.name, passphrase.as_ref(), args.out.as_deref())?;
    if ui.json {
        return ui.document(&Document::new("tenon/key/1", KeyContent::of(&key)));
    }
    ui.say(&format!(
        "made the key `{}` in `{}`{}",
        args.name,
        ui::clean_line(&key.path.to_string_lossy()),
        match key.file.is_sealed() {
            true => "; without its passphrase it cannot be used",
            false => "; whoever can read this file can sign with it",
        }
    ));
    ui.say("what to have granted:");
    ui.print(&format!("{}\n", key.file.vkey()))
}

fn list(ui: &Ui) -> Result<(), Failure> {
    let (mut usable, mut unusable) = (Vec::new(), Vec::new());
    for key in keys::all()? {
        match key {
            Ok(key) => usable.push(key),
            Err(failure) => unusable.push(failure.summary()),
        }
    }
    if ui.json {
        let keys = usable.iter().map(KeyContent::of).collect();
        return ui.document(&Document::new(
            "tenon/keys/1",
            KeysContent { keys, unusable },
        ));
    }
    for why in &unusable {
        ui.warn(&ui::clean(why));
    }
    if usable.is_empty() && unusable.is_empty() {
        ui.say("there is no key; `tenon key generate NAME` makes one");
    }
    let mut out = String::new();
    for key in &usable {
        out.push_str(&ui::clean_line(key.name()));
        out.push_str(match key.file.is_sealed() {
            true => " (passphrase)\n",
            false => "\n",
        });
        out.push_str(&format!("  {}\n", ui::clean(&key.file.vkey().to_string())));
        if ui.verbose {
            let path = ui::clean(&key.path.to_string_lossy());
            out.push_str(&ui::dim(&format!("  {path}")));
            out.push('\n');
        }
    }
    ui.print(&out)
}

fn show(ui: &Ui, args: &KeyShow) -> Result<(), Failure> {
    let key = keys::find(args.name.as_deref())?;
    if ui.json {
        return ui.document(&Document::new("tenon/key/1", KeyContent::of(&key)));
    }
    ui.print(&format!("{}\n", ui::clean(&key.file.vkey().to_string())))
}

fn check(ui: &Ui, args: &KeyCheck) -> Result<(), Failure> {
    let passphrase = Passphrase::of(args.passphrase_file.as_deref());
    let opened = keys::load(args.name.as_deref(), &passphrase)?;
    if ui.json {
        let key = keys::find(args.name.as_deref())?;
        return ui.document(&Document::new("tenon/key/1", KeyContent::of(&key)));
    }
    let name = ui::clean_line(opened.vkey().name().as_str());
    ui.say(&format!("the key `{name}` can sign"));
    Ok(())
}

impl KeyContent {
    fn of(key: &Stored) -> KeyContent {
        KeyContent {
            name: key.name().to_owned(),
            vkey: key.file.vkey().to_string(),
            passphrase: key.file.is_sealed(),
            path: key.path.to_string_lossy().into_owned(),
        }
    }
}
