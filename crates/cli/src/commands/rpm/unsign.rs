//! `pkgseal rpm unsign`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::Signed;
use pkgseal_repo::{Destination, Limits};
use pkgseal_rpm::package::{self, Chosen};
use rayon::prelude::*;

use crate::args::{Moment, RpmUnsign, Trust};
use crate::{commands, context, failure, report};

pub(super) fn run(arguments: &RpmUnsign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&Moment { time: None }, clock)?;
    let signers = context::fingerprints("--by", &arguments.by)?;
    // Whose key is whose is asked of them, and nothing else.
    let trust = Trust {
        keyring: arguments.keyring.clone(),
        profile: "strict".to_owned(),
        signers: Vec::new(),
        threshold: None,
    };
    let verifier = context::optional_verifier(&trust, now, &limits)?;
    let chosen = if signers.is_empty() {
        Chosen::All
    } else {
        Chosen::By {
            signers: &signers,
            verifier: &verifier,
        }
    };
    let destination = match &arguments.output {
        None => Destination::Beside,
        Some(directory) => Destination::Directory(directory.clone()),
    };
    let one = |path: &Path| -> Result<Signed> {
        let (staged, examination) = package::unsign(path, chosen, &destination)?;
        let outputs = vec![staged.target().to_owned()];
        staged.commit()?;
        Ok(Signed {
            outputs,
            examination,
        })
    };
    let options = context::check_options(&arguments.common, &limits);
    let done: Vec<Option<Signed>> = options.pool()?.install(|| {
        let paths = arguments.paths.par_iter();
        let reported = |error| failure::report(&error);
        paths.map(|path| one(path).map_err(reported).ok()).collect()
    });
    let unsigned: Vec<&Signed> = done.iter().flatten().collect();
    let failed = done.len() - unsigned.len();
    let outcome = report::unsigned(&unsigned, failed, arguments.common.json)?;
    Ok(commands::status(outcome))
}
