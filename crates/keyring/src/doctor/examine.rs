//! What is wrong with each part, and with all of them together.

mod history;
mod keys;
mod revocations;
mod self_signatures;

use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::Cert;
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Code, Finding, Severity};
use sequoia_openpgp as openpgp;

use super::part::{Bound, SelfSignature, is_revoked, is_weak_digest, parts, timestamp};
use super::{Part, Remedy, Trouble};
use crate::codes::doctor as codes;
use crate::pictures::pictures;

const REISSUE: &str = "sign it anew with SHA-512: pkgseal key doctor --fix KEYFILE";

/// Everything that is wrong with a certificate at a moment.
pub(super) fn troubles(cert: &Cert, certificate: &Certificate, now: Timestamp) -> Vec<Trouble> {
    let parts = parts(cert);
    let mut examination = Examination {
        subject: certificate.fingerprint().to_string(),
        now: SystemTime::from(now),
        troubles: Vec::new(),
    };
    examination.revocations(cert);
    if is_revoked(cert, &Part::Primary) {
        // Whatever else is wrong with it matters no more.
        examination.keys(certificate, &parts, now);
        return examination.troubles;
    }
    let living: Vec<Bound> = parts
        .into_iter()
        .filter(|bound| !is_revoked(cert, &bound.part))
        .collect();
    for bound in &living {
        examination.part(bound, &living, cert);
    }
    examination.half_mended(&living, cert);
    examination.history(&living);
    examination.keys(certificate, &living, now);
    examination.pictures(cert);
    if cert.userids().next().is_none() {
        let finding = examination
            .finding(
                codes::NO_USER_ID,
                Severity::Warning,
                "it has no user ID, and gpg refuses to import it".to_owned(),
            )
            .hint("add one: gpg --quick-add-uid, or sq key userid add");
        examination.add(finding, Part::Primary, None, Remedy::AddUserId);
    }
    examination.troubles
}

struct Examination {
    subject: String,
    now: SystemTime,
    troubles: Vec<Trouble>,
}

impl Examination {
    fn finding(&self, code: Code, severity: Severity, detail: String) -> Finding {
        Finding::new(code, severity, self.subject.clone(), detail)
    }

    /// Pictures with self-signatures that are weak: nobody misses them.
    fn pictures(&mut self, cert: &Cert) {
        for picture in pictures(cert).iter().filter(|picture| !picture.revoked) {
            let Some(digest) = picture.digest.filter(|digest| is_weak_digest(*digest)) else {
                continue;
            };
            let detail = format!(
                "a {}: its self-signature uses {}, which no client of packages looks at",
                picture.name, digest
            );
            let finding = self.finding(codes::PICTURE, Severity::Note, detail).hint(
                "leave it out where keys are published: pkgseal keyring export --extent minimal",
            );
            self.add(finding, Part::Primary, None, Remedy::Nothing);
        }
    }

    fn add(
        &mut self,
        finding: Finding,
        part: Part,
        signature: Option<&SelfSignature>,
        remedy: Remedy,
    ) {
        self.troubles.push(Trouble {
            finding,
            part,
            made: signature.map(|signature| timestamp(signature.made)),
            remedy,
        });
    }
}
