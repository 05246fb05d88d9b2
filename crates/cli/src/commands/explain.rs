//! `pkgseal explain`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::Explain;
use crate::failure::hinted;
use crate::{manual, report};

pub(super) fn run(arguments: &Explain) -> Result<ExitCode> {
    let codes = manual::codes();
    match &arguments.code {
        None => {
            for code in codes {
                report::line(&format!("{}  {}", code.id, code.meaning))?;
            }
        }
        Some(id) => {
            let Some(code) = codes.iter().find(|code| code.id == id) else {
                return Err(hinted(
                    format!("there is no finding code {id}"),
                    "list them all with: pkgseal explain",
                ));
            };
            report::line(&format!("{}: {}", code.id, code.meaning))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
