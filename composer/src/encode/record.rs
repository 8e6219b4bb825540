//! What a composition records of the core modules that were hoisted, so that it can be undone.
//!
//! The format is in `docs/hoisted.md`. A section whose place was taken by another one keeps the number
//! of bytes that its size is written in, so that the original is known without being recorded.

use wasm_encoder::Encode;
use wasmparser::BinaryReader;

/// The custom section with the record.
pub(crate) const SECTION: &str = "tenon:hoisted";
/// The largest record that is read.
pub(crate) const MAX_SIZE: u64 = 1 << 20;
/// The version of the format.
const VERSION: u8 = 1;
/// The id of the section that holds a core module.
pub(crate) const CORE_MODULE_SECTION: u8 = 1;
/// The id of the section that holds aliases.
const ALIAS_SECTION: u8 = 6;

/// Where aliases stand in for core modules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The embedded components that such aliases are in, in order.
    pub(crate) components: Vec<Altered>,
}

/// An embedded component with such aliases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Altered {
    /// Its number among the components that the composition embeds.
    pub(crate) component: u32,
    /// Where the alias sections begin, from the beginning of the component, in order.
    pub(crate) aliases: Vec<u32>,
}

impl Record {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        (self.components.len() as u32).encode(&mut out);
        for altered in &self.components {
            altered.component.encode(&mut out);
            altered.aliases.as_slice().encode(&mut out);
        }
        out
    }

    /// Reads a record; an `Err` says what is wrong with it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Record, String> {
        match bytes.first() {
            None => return Err("it is empty".to_owned()),
            Some(&VERSION) => {}
            Some(version) => {
                return Err(format!("version {version} of the record is not known"));
            }
        }
        let record = Record::items(bytes).map_err(|error| error.message().to_owned())?;
        let ascends = |numbers: &[u32]| numbers.is_sorted_by(|a, b| a < b);
        let components: Vec<u32> = record.components.iter().map(|c| c.component).collect();
        let is_ordered = ascends(&components)
            && record
                .components
                .iter()
                .all(|altered| !altered.aliases.is_empty() && ascends(&altered.aliases));
        match is_ordered && record.encode() == bytes {
            true => Ok(record),
            false => Err("it is not in the form in which it is written".to_owned()),
        }
    }

    fn items(bytes: &[u8]) -> wasmparser::Result<Record> {
        let mut reader = BinaryReader::new(bytes, 0);
        reader.read_u8()?;
        let mut components = Vec::new();
        for _ in 0..reader.read_var_u32()? {
            let component = reader.read_var_u32()?;
            let mut aliases = Vec::new();
            for _ in 0..reader.read_var_u32()? {
                aliases.push(reader.read_var_u32()?);
            }
            components.push(Altered { component, aliases });
        }
        Ok(Record { components })
    }
}

/// A section with one alias: of the core module `module` of the component that is `outward` components
/// out. Its size takes `width` bytes.
pub(crate) fn alias_section(width: u64, outward: u32, module: u32) -> Vec<u8> {
    // One alias, of a core item that is a module, in an outer component.
    let mut body = vec![1, 0x00, 0x11, 0x02];
    outward.encode(&mut body);
    module.encode(&mut body);
    let mut section = vec![ALIAS_SECTION];
    section.extend(padded(body.len() as u64, width).unwrap_or_default());
    section.extend(body);
    section
}

/// `value` as a LEB128 of exactly `width` bytes; `None` if it does not fit.
pub(crate) fn padded(value: u64, width: u64) -> Option<Vec<u8>> {
    let fits = u32::try_from(value).is_ok() && (width >= 5 || value >> (7 * width) == 0);
    let byte = |at: u64| {
        let more = if at + 1 < width { 0x80 } else { 0 };
        (value >> (7 * at)) as u8 & 0x7f | more
    };
    fits.then(|| (0..width).map(byte).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            components: vec![
                Altered {
                    component: 0,
                    aliases: vec![8, 300],
                },
                Altered {
                    component: 200,
                    aliases: vec![9],
                },
            ],
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for record in [record(), Record::default()] {
            assert_eq!(Record::decode(&record.encode()), Ok(record));
        }
    }

    #[test]
    fn a_record_has_one_spelling() {
        let bytes = record().encode();
        for len in 0..bytes.len() {
            let cut = bytes.get(..len).unwrap_or_default();
            assert!(Record::decode(cut).is_err(), "{len}");
        }
        assert!(Record::decode(&[bytes.as_slice(), &[0]].concat()).is_err());
        assert!(Record::decode(&[2, 0]).is_err(), "another version");
        assert!(Record::decode(&[1, 0x80, 0]).is_err(), "a longer number");
        assert!(Record::decode(&[1, 1, 0, 0]).is_err(), "no aliases");
        assert!(Record::decode(&[1, 1, 0, 2, 9, 8]).is_err(), "out of order");
        let endless = [1, 0xff, 0xff, 0xff, 0xff, 0x0f];
        assert!(Record::decode(&endless).is_err(), "endless");
    }

    #[test]
    fn numbers_keep_their_width() {
        assert_eq!(padded(6, 1), Some(vec![6]));
        assert_eq!(padded(6, 3), Some(vec![0x86, 0x80, 0]));
        assert_eq!(padded(300, 2), Some(vec![0xac, 2]));
        assert_eq!(padded(300, 1), None);
        let most = vec![0xff, 0xff, 0xff, 0xff, 0x0f];
        assert_eq!(padded(u64::from(u32::MAX), 5), Some(most));
        assert_eq!(padded(1 << 32, 5), None);
    }

    #[test]
    fn an_alias_is_as_the_format_has_it() {
        let section = [6, 0x86, 0x80, 0, 1, 0, 0x11, 2, 1, 3];
        assert_eq!(alias_section(3, 1, 3), section);
    }
}
