//! What each step does, format by format, in words.

use super::plan::{Format, Plan, Replaces, ResignPackages, Step};
use super::write::length;

impl Plan {
    /// What is going to happen, a sentence for each step and format it concerns.
    pub fn itinerary(&self) -> Vec<(Step, String)> {
        let mut all = Vec::new();
        for step in self.steps() {
            match step {
                Step::Announce => {
                    let text = "keyrings hold both certificates; nothing is signed otherwise";
                    all.push((step, text.to_owned()));
                }
                Step::DualSign => {
                    let first = if self.new.certificate.version() > 4 {
                        "version 4 before version 6, which gpgv cannot read past"
                    } else {
                        "the old one first"
                    };
                    let text = format!(
                        "apt: InRelease and Release.gpg by both keys, {first}; a Signed-By in \
                         Release names both"
                    );
                    all.push((step, text));
                }
                Step::HandOver => {
                    let when = format!(
                        "{} after the announcement at the earliest",
                        length(self.window)
                    );
                    for format in self.formats() {
                        all.push((step, format!("{when}, {}", self.handing_over(format))));
                    }
                }
                Step::Drop => {
                    let text = format!(
                        "{} after the hand-over at the earliest, the old certificate leaves the \
                         keyrings; a KEYS file keeps it. Let it expire or retire it: a revocation \
                         as compromised would take everything it signed",
                        length(self.settle)
                    );
                    all.push((step, text));
                    let kept = self.repositories.iter().any(|one| {
                        one.format == Format::Yum && one.packages == ResignPackages::Keep
                    });
                    if kept {
                        let text = "yum: packages have to be signed anew before";
                        all.push((step, text.to_owned()));
                    }
                }
            }
        }
        all
    }

    /// Each format once.
    fn formats(&self) -> Vec<Format> {
        let mut formats: Vec<_> = self.repositories.iter().map(|one| one.format).collect();
        formats.sort_unstable();
        formats.dedup();
        formats
    }

    fn handing_over(&self, format: Format) -> String {
        match format {
            Format::Apt => "apt: InRelease and Release.gpg by the new key alone".to_owned(),
            Format::Yum => {
                let imported = match self.replaces() {
                    Replaces::Certificate => {
                        "who has not imported the new certificate is asked to, where gpgkey= \
                         names a file that holds it"
                    }
                    Replaces::Subkey => {
                        "rpm before 6 never updates a certificate it has, so packages signed by \
                         the new subkey need rpm -e gpg-pubkey-… and a new import there"
                    }
                };
                format!(
                    "yum: repomd.xml.asc by the new key, the only signature in it, as dnf on \
                     Fedora and RHEL 10 reads no second one; {imported}"
                )
            }
            Format::Maven => {
                "maven: new releases by the new key; what is released is never signed anew"
                    .to_owned()
            }
        }
    }
}
