//! `pkgseal completions`.

use std::process::ExitCode;

use anyhow::Result;
use clap::CommandFactory as _;

use crate::args::{Arguments, Completions};
use crate::report;

pub(super) fn run(arguments: &Completions) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(
        arguments.shell,
        &mut Arguments::command(),
        "pkgseal",
        &mut script,
    );
    report::block(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
