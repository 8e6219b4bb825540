//! `tenon inspect`.

use crate::args::Inspect;
use crate::error::Failure;
use crate::ui::Ui;

pub(crate) fn run(_ui: &Ui, _args: &Inspect) -> Result<(), Failure> {
    Ok(())
}
