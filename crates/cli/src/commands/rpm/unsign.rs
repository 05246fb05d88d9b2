//! `pkgseal rpm unsign`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::{Profile, Signed, Verifier};
use pkgseal_repo::Limits;
use pkgseal_rpm::package::{self, Chosen};

use crate::args::{Moment, RpmUnsign};
use crate::commands::unsign;
use crate::context;

pub(super) fn run(arguments: &RpmUnsign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&Moment { time: None }, clock)?;
    let signers = context::fingerprints("--by", &arguments.by)?;
    // Whose key is whose is asked of them, and nothing else.
    let certificates = context::certificates(&arguments.certificates, &limits)?;
    let verifier = Verifier::new(certificates, Profile::strict(), now);
    let chosen = if signers.is_empty() {
        Chosen::All
    } else {
        Chosen::By {
            signers: &signers,
            verifier: &verifier,
        }
    };
    let destination = context::destination(arguments.output.as_deref());
    unsign::each(&arguments.paths, &arguments.common, |path| {
        let (staged, examination) = package::unsign(path, chosen, &destination)?;
        let outputs = vec![staged.target().to_owned()];
        staged.commit()?;
        Ok(Signed {
            outputs,
            examination,
        })
    })
}
