//! `pkgseal rpm unsign`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::{Profile, Signed, Verifier};
use pkgseal_repo::Limits;
use pkgseal_rpm::package::{self, Chosen};

use super::writing;
use crate::args::{Moment, RpmUnsign, RpmUnsignWhat};
use crate::commands::batch;
use crate::{context, report};

pub(super) fn run(arguments: &RpmUnsign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&Moment { time: None }, clock)?;
    let signers = context::fingerprints("--by", &arguments.by)?;
    // Whose key is whose is asked of them, and nothing else.
    let certificates = context::certificates(&arguments.certificates, &limits)?;
    let verifier = Verifier::new(certificates, Profile::strict(), now);
    let chosen = match (arguments.what, signers.is_empty()) {
        (RpmUnsignWhat::Files, _) => Chosen::Files,
        (RpmUnsignWhat::All, _) => Chosen::Everything,
        (RpmUnsignWhat::Openpgp, true) => Chosen::All,
        (RpmUnsignWhat::Openpgp, false) => Chosen::By {
            signers: &signers,
            verifier: &verifier,
        },
    };
    let destination = context::destination(arguments.output.as_deref());
    let writing = writing::of(&arguments.writing);
    batch::recover(&arguments.paths);
    let (done, failed) = batch::each(
        &arguments.paths,
        &arguments.common,
        &context::check_options(&arguments.common, &limits),
        "unsigned",
        |path: &Path| Ok(package::prepare_unsigned(path, chosen, &destination, writing)?.into()),
    )?;
    let done: Vec<&Signed> = done.iter().collect();
    let outcome = report::unsigned(&done, failed, arguments.common.json)?;
    Ok(crate::commands::status(outcome))
}
