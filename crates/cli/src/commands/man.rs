//! `pkgseal man`: the manual pages, from the same definitions as `--help`.

use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::args::Man;
use crate::{manual, report};

pub(super) fn run(arguments: &Man) -> Result<ExitCode> {
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot create {}", arguments.output.display()))?;
    for (name, text) in manual::pages()? {
        let path = arguments.output.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        report::line(&report::escaped(&path.display().to_string()))?;
    }
    Ok(ExitCode::SUCCESS)
}
