//! Writing a keyring that was made of others, and telling of it.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use pkgseal_keyring::{Encoding, Extent, Made, mixed_versions, parting};
use pkgseal_openpgp::{Certificates, Examination, Signed};
use pkgseal_repo::Limits;

use crate::args::{ExtentName, KeyringWritten};
use crate::{commands, report};

/// The certificates that paths hold, as one; what could not be read is told.
pub(super) fn opened<P: AsRef<Path>>(paths: &[P], limits: &Limits) -> Result<Certificates> {
    let loaded = pkgseal_keyring::open_all(paths, limits)?;
    loaded.findings.iter().for_each(report::warn_finding);
    Ok(loaded.certificates)
}

pub(super) fn extent(name: ExtentName) -> Extent {
    match name {
        ExtentName::Everything => Extent::Everything,
        ExtentName::Own => Extent::Own,
        ExtentName::Minimal => Extent::Minimal,
    }
}

/// Writes it where it is to go, unless it is empty.
pub(super) fn write(made: &Made, written: &KeyringWritten) -> Result<ExitCode> {
    let output = &written.output;
    let mut examination = Examination::new("keyring", output.display().to_string());
    examination.report.findings.clone_from(&made.findings);
    for certificate in made.certificates.iter() {
        let user_id = certificate.user_id().unwrap_or_default();
        let value = format!("{} {user_id}", certificate.fingerprint());
        examination.add_detail("certificate", value.trim_end());
    }
    let mut outputs = Vec::new();
    let empty = made.refuses_empty(&output.display().to_string());
    match empty.filter(|_| !written.allow_empty) {
        Some(finding) => {
            let finding = finding.hint("where that is wanted, say so with --allow-empty");
            examination.report.push(finding);
        }
        None => {
            let encoding = Encoding::of(output);
            pkgseal_keyring::write_keyring(output, encoding, &made.certificates)?;
            let mixed = mixed_versions(&made.certificates, output.display().to_string());
            let hinted = mixed.map(|finding| finding.hint(parting(&[output], output)));
            examination.report.findings.extend(hinted);
            outputs.push(output.clone());
        }
    }
    let done = Signed {
        outputs,
        examination,
    };
    let outcome = report::worked("made", "refused", &[done], 0, written.json)?;
    Ok(commands::status(outcome))
}
