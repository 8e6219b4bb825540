//! Tables of TOML whose every key is known: what is there is taken key by key, and what is left over
//! is wrong.

use super::fault::Fault;
use crate::text;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table, and which of its keys nobody has asked for yet.
pub(super) struct Table<'a> {
    /// Where it begins.
    pub(super) place: Place<'a>,
    /// How it is called in messages: `[package]`.
    name: String,
    rest: BTreeMap<String, (Place<'a>, Field<'a>)>,
    known: Vec<&'static str>,
}

/// The value of a key.
pub(super) struct Field<'a> {
    /// Where it begins.
    pub(super) place: Place<'a>,
    /// How it is called in messages: `version`.
    name: String,
    value: DeValue<'a>,
}

/// A byte of the text.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    text: &'a str,
    offset: usize,
}

impl Place<'_> {
    /// Something is wrong here.
    pub(super) fn fault(self, what: impl Display) -> Fault {
        Fault::at(self.text, self.offset, what)
    }
}

impl<'a> Table<'a> {
    /// The whole of a text.
    pub(super) fn parse(text: &'a str) -> Result<Table<'a>, Fault> {
        let table = DeTable::parse(text).map_err(|error| {
            Fault::toml(text, error.message(), error.span().map(|span| span.start))
        })?;
        let place = Place { text, offset: 0 };
        Ok(Table::new(place, "the file".to_owned(), table.into_inner()))
    }

    fn new(place: Place<'a>, name: String, table: DeTable<'a>) -> Table<'a> {
        let text = place.text;
        let entries = table.into_iter().map(|(key, value)| {
            let offset = key.span().start;
            let key = key.into_inner().into_owned();
            let field = Field::new(text, text::excerpt(&key), value);
            (key, (Place { text, offset }, field))
        });
        Table {
            place,
            name,
            rest: entries.collect(),
            known: vec![],
        }
    }

    /// The value of a key, if there is one.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Field<'a>> {
        self.known.push(key);
        self.rest.remove(key).map(|(_, field)| field)
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, key: &'static str) -> Result<Field<'a>, Fault> {
        let missing = format!("{} has no `{key}`", self.name);
        self.take(key).ok_or_else(|| self.place.fault(missing))
    }

    /// Where the value of a key that is left begins; where the table does, if there is none.
    pub(super) fn place_of(&self, key: &str) -> Place<'a> {
        self.rest
            .get(key)
            .map_or(self.place, |(_, field)| field.place)
    }

    /// Every key that is left, in order, where it is, and its value.
    pub(super) fn entries(self) -> impl Iterator<Item = (String, Place<'a>, Field<'a>)> {
        let entries = self.rest.into_iter();
        entries.map(|(key, (place, field))| (key, place, field))
    }

    /// Nothing may be left over.
    pub(super) fn finish(self) -> Result<(), Fault> {
        let first = self.rest.iter().min_by_key(|(_, (place, _))| place.offset);
        let Some((key, (place, _))) = first else {
            return Ok(());
        };
        let next = match nearest(key, &self.known) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("expected {}", alternatives(&self.known)),
        };
        Err(self.unknown(key, *place, &next))
    }

    /// What is wrong, if a key that is left may be a slip of one that was asked for.
    pub(super) fn misspelt(&self) -> Option<Fault> {
        self.rest.iter().find_map(|(key, (place, _))| {
            let known = nearest(key, &self.known)?;
            Some(self.unknown(key, *place, &format!("did you mean `{known}`?")))
        })
    }

    fn unknown(&self, key: &str, place: Place<'a>, next: &str) -> Fault {
        let (key, name) = (text::excerpt(key), &self.name);
        place.fault(format_args!("`{key}` is not a key of {name}: {next}"))
    }
}

impl<'a> Field<'a> {
    fn new(text: &'a str, name: String, value: Spanned<DeValue<'a>>) -> Field<'a> {
        let offset = value.span().start;
        Field {
            place: Place { text, offset },
            name,
            value: value.into_inner(),
        }
    }

    /// Whether it is a text.
    pub(super) fn is_text(&self) -> bool {
        self.value.is_str()
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        self.value.is_table()
    }

    /// It is a text.
    pub(super) fn text(self) -> Result<String, Fault> {
        match self.value {
            DeValue::String(text) => Ok(text.into_owned()),
            _ => Err(self.expected("a text")),
        }
    }

    /// It is a text with something in it.
    pub(super) fn some_text(self) -> Result<String, Fault> {
        // To say where something is takes the whole text, so it is done only where something is to be said.
        let (place, name) = (self.place, self.name.clone());
        let text = self.text()?;
        match text.is_empty() {
            true => Err(place.fault(format_args!("`{name}` is empty"))),
            false => Ok(text),
        }
    }

    /// It is a text that says a value.
    pub(super) fn parse<T: FromStr<Err: Display>>(self) -> Result<T, Fault> {
        let place = self.place;
        let text = self.text()?;
        text.parse().map_err(|error: T::Err| place.fault(error))
    }

    /// It is `true` or `false`.
    pub(super) fn flag(self) -> Result<bool, Fault> {
        match self.value {
            DeValue::Boolean(flag) => Ok(flag),
            _ => Err(self.expected("`true` or `false`")),
        }
    }

    /// It is a whole number, not below 0.
    pub(super) fn number(self) -> Result<u64, Fault> {
        let number = self.value.as_integer();
        let number = number.and_then(|it| u64::from_str_radix(it.as_str(), it.radix()).ok());
        number.ok_or_else(|| self.expected("a whole number"))
    }

    /// It is a list.
    pub(super) fn list(self) -> Result<Vec<Field<'a>>, Fault> {
        let DeValue::Array(items) = self.value else {
            return Err(self.expected("a list"));
        };
        let items = items.into_iter();
        let items = items.map(|item| Field::new(self.place.text, self.name.clone(), item));
        Ok(items.collect())
    }

    /// It is a list of texts with something in them.
    pub(super) fn texts(self) -> Result<Vec<String>, Fault> {
        self.list()?.into_iter().map(Field::some_text).collect()
    }

    /// It is a table, to be called so in messages.
    pub(super) fn table(self, name: impl Into<String>) -> Result<Table<'a>, Fault> {
        match self.value {
            DeValue::Table(table) => Ok(Table::new(self.place, name.into(), table)),
            _ => Err(self.expected("a table")),
        }
    }

    /// The value is of the wrong type.
    pub(super) fn expected(&self, what: &str) -> Fault {
        let found = match &self.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "`true` or `false`",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        // A number of the wrong sort is shown, since its sort alone says little.
        let found = match &self.value {
            DeValue::Integer(number) => format!("`{}`", text::excerpt(&number.to_string())),
            DeValue::Float(number) => format!("`{}`", text::excerpt(number.as_str())),
            _ => found.to_owned(),
        };
        self.place.fault(format_args!(
            "`{}` should be {what}, not {found}",
            self.name
        ))
    }
}

/// The known key that `key` may be a slip of.
fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    if key.chars().count() > 40 {
        return None;
    }
    let near = known.iter().map(|known| (distance(key, known), *known));
    let (steps, known) = near.min()?;
    (steps <= (known.len() / 3).max(1)).then_some(known)
}

/// How many characters have to be added, removed or replaced to make one text of the other.
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (at, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(row.first_mut().unwrap_or(&mut 0), at + 1);
        let mut left = at + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let replaced = diagonal + usize::from(a != b);
            diagonal = *cell;
            *cell = replaced.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or_default()
}

fn alternatives(known: &[&str]) -> String {
    let quoted: Vec<String> = known.iter().map(|known| format!("`{known}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}
