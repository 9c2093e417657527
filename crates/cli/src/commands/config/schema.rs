//! `lastlook config schema`

use std::process::ExitCode;

use lastlook_engine::config::schema_text;

use crate::failure::Failure;
use crate::record::print::print;

pub(super) fn run() -> Result<ExitCode, Failure> {
    print(&schema_text())?;
    Ok(ExitCode::SUCCESS)
}
