//! `tenon graph`.

use crate::args::Graph;
use crate::error::Failure;
use crate::ui::Ui;

pub(crate) fn run(_ui: &Ui, _args: &Graph) -> Result<(), Failure> {
    Ok(())
}
