//! `pkgseal rpm recover`.

use std::process::ExitCode;

use anyhow::Result;
use pkgseal_openpgp::{Examination, Signed};

use crate::args::RpmRecover;
use crate::report;

pub(super) fn run(arguments: &RpmRecover) -> Result<ExitCode> {
    let mut outputs = Vec::new();
    let mut examination = Examination::new("rpm", arguments.path.display().to_string());
    for one in pkgseal_rpm::package::recover(&arguments.path)? {
        outputs.push(one.path);
        examination.report.push(one.finding);
    }
    let done = Signed {
        outputs,
        examination,
    };
    let outcome = report::made("completed", &done, arguments.json)?;
    Ok(crate::commands::status(outcome))
}
