//! What reads repomd.xml and its signature, and how it judges them.
//!
//! rpm is not asked about metadata: dnf and zypper ask a library, and that asks gpg, or
//! rpm's own keyring. The two judge keys by different clocks, which is all that is told
//! apart here; which files of a repository are read is in `DNF.md`.

use jiff::Timestamp;
use pkgseal_openpgp::{
    Certificates, KeyState, Mathematics, Object, Profile, SignatureBlock, SignatureFacts, Status,
    Verifier,
};
use pkgseal_repo::{DataFileError, Finding};

use crate::codes;

/// Long after every revocation anybody has made.
const FAR: i64 = 32_503_680_000;

/// Who checks signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// gpg through gpgme: the key as it is now.
    Gpg,
    /// gpg, asked by libzypp once it has the key of the last signature.
    Libzypp,
    /// librepo with rpm-sequoia: any signature whose mathematics hold, and one only.
    Librepo,
}

const READERS: &[(&str, Program, &str, &str)] = &[
    (
        "dnf-el8",
        Program::Gpg,
        "dnf 4.7 with repo_gpgcheck=1: librepo asks gpg 2.2",
        "dnf 4.14 of Debian 12, the same way: every generated case is run through it",
    ),
    (
        "dnf-el9",
        Program::Gpg,
        "dnf 4.14 with repo_gpgcheck=1: librepo asks gpg",
        "dnf 4.14 of Debian 12, the same way: every generated case is run through it",
    ),
    (
        "dnf-el10",
        Program::Librepo,
        "dnf 4.20 with repo_gpgcheck=1: librepo asks rpm-sequoia",
        "from the sources of librepo 1.20; not run",
    ),
    (
        "dnf-fedora",
        Program::Librepo,
        "dnf5 with repo_gpgcheck=1: librepo asks rpm-sequoia",
        "from the sources of librepo 1.20; not run",
    ),
    (
        "zypper-suse",
        Program::Libzypp,
        "zypper: libzypp looks for the key of the last signature, and asks gpg 2.2",
        "zypper of Debian 12: run by the tests of forecasts and of rotations",
    ),
];

/// A reader of repository metadata.
#[derive(Clone, Debug)]
pub struct MetadataReader {
    name: &'static str,
    program: Program,
    summary: &'static str,
    checked: &'static str,
    profile: Profile,
}

/// What a reader makes of repomd.xml.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataVerdict {
    /// Whether it takes it.
    pub accepted: bool,
    /// Why not.
    pub reasons: Vec<Finding>,
}

impl MetadataReader {
    /// A reader by name.
    ///
    /// # Errors
    /// [`DataFileError`], naming those there are.
    pub fn named(name: &str) -> Result<Self, DataFileError> {
        let Some((name, program, summary, checked)) =
            READERS.iter().find(|(known, ..)| *known == name)
        else {
            return Err(DataFileError::unknown("client", name, Self::names()));
        };
        let profile = match program {
            Program::Gpg | Program::Libzypp => {
                Profile::parse("gpg", include_str!("../../clients/metadata-gpg.toml"))
            }
            Program::Librepo => Profile::named("rpm-6"),
        };
        Ok(Self {
            name,
            program: *program,
            summary,
            checked,
            profile: profile.map_err(|error| DataFileError {
                kind: "client",
                name: (*name).to_owned(),
                reason: error.to_string(),
            })?,
        })
    }

    /// Names of the readers.
    pub fn names() -> impl Iterator<Item = &'static str> {
        READERS.iter().map(|(name, ..)| *name)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// What it is, in a line.
    pub fn summary(&self) -> &str {
        self.summary
    }

    /// How it was checked.
    pub fn checked(&self) -> &str {
        self.checked
    }

    /// What it would make of these bytes and their signature, with these certificates
    /// imported, by this clock.
    pub fn judge(
        &self,
        repomd: &[u8],
        signature: &[u8],
        certificates: &Certificates,
        now: Timestamp,
    ) -> MetadataVerdict {
        let block = match SignatureBlock::parse(signature) {
            Ok(block) => block,
            Err(finding) => return self.rejects(finding.detail),
        };
        let facts = |now| {
            let verifier = Verifier::new(certificates.clone(), self.profile.clone(), now);
            let mut hashes = verifier.plan([&block]).start();
            hashes.update(repomd);
            verifier.hashed(Object::Repository, &block, &hashes)
        };
        let report = facts(now);
        match self.program {
            Program::Librepo if report.signatures.len() > 1 => {
                let detail = "it wants one signature, and there are several";
                self.rejects(detail.to_owned())
            }
            Program::Librepo => self.by_mathematics(&report.signatures),
            Program::Libzypp if lacks_last(&report.signatures) => {
                let detail = "it looks for the key of the last signature, and does not have it";
                self.rejects(detail.to_owned())
            }
            Program::Gpg | Program::Libzypp => {
                let far = facts(Timestamp::from_second(FAR).unwrap_or(Timestamp::MAX));
                let revoked = far
                    .signatures
                    .iter()
                    .map(|ever| matches!(ever.now, Some(KeyState::Revoked(_))));
                self.by_gpg(report.signatures.iter().zip(revoked))
            }
        }
    }

    /// gpgme's first good signature is enough; a bad one before it is not passed over.
    fn by_gpg<'a>(
        &self,
        signatures: impl Iterator<Item = (&'a SignatureFacts, bool)>,
    ) -> MetadataVerdict {
        let mut reasons = Vec::new();
        for (facts, revoked) in signatures {
            if facts.reason.is_none() && !revoked {
                return MetadataVerdict {
                    accepted: true,
                    reasons: Vec::new(),
                };
            }
            reasons.push(match &facts.reason {
                None => "the key is revoked".to_owned(),
                Some(reason) => reason.detail.clone(),
            });
            if facts.mathematics == Mathematics::Bad {
                break;
            }
        }
        self.rejects(reasons.join("; "))
    }

    fn by_mathematics(&self, signatures: &[SignatureFacts]) -> MetadataVerdict {
        let first = signatures.first();
        let good = first.is_some_and(|facts| facts.mathematics == Mathematics::Good);
        if good {
            return MetadataVerdict {
                accepted: true,
                reasons: Vec::new(),
            };
        }
        let reason = first.and_then(|facts| facts.reason.as_ref());
        self.rejects(reason.map_or_else(
            || "there is no signature it could check".to_owned(),
            |reason| reason.detail.clone(),
        ))
    }

    fn rejects(&self, detail: String) -> MetadataVerdict {
        let finding = Finding::reject(codes::METADATA_REJECTS, "repodata/repomd.xml.asc", detail);
        MetadataVerdict {
            accepted: false,
            reasons: vec![finding.because(format!("{}: {}", self.name, self.summary))],
        }
    }
}

/// Whether nobody is known who could have made the last signature.
fn lacks_last(signatures: &[SignatureFacts]) -> bool {
    let last = signatures.last();
    last.is_some_and(|facts| facts.status == Status::MissingCertificate)
}

#[cfg(test)]
mod tests {
    use pkgseal_testkit::keys;

    use super::*;

    const XML: &[u8] = b"<repomd/>\n";

    /// What gpg and librepo say at a moment of what these keys signed then.
    fn say(signers: &[(&str, &str)], now: &str) -> (bool, bool) {
        let packets: Vec<u8> = signers
            .iter()
            .flat_map(|(name, when)| {
                let key = keys::load(name);
                keys::raw_sign(&key, XML, &keys::RawOptions::at(when).binary())
            })
            .collect();
        let names: Vec<_> = signers.iter().map(|(name, _)| *name).collect();
        let certificates = keys::certificates(&names);
        let say = |reader: &str| {
            let reader = MetadataReader::named(reader).unwrap();
            let verdict = reader.judge(XML, &packets, &certificates, keys::time(now));
            assert_eq!(verdict.accepted, verdict.reasons.is_empty());
            verdict.accepted
        };
        (say("dnf-el9"), say("dnf-fedora"))
    }

    #[test]
    fn everybody_is_there() {
        for name in MetadataReader::names() {
            let reader = MetadataReader::named(name).unwrap();
            assert_eq!(reader.name(), name);
            assert!(!reader.summary().is_empty() && !reader.checked().is_empty());
        }
        let error = MetadataReader::named("dnf").unwrap_err().to_string();
        assert!(error.contains("dnf-el9"), "{error}");
    }

    #[test]
    fn gpg_looks_at_its_clock() {
        for key in ["expired", "subkey-expired"] {
            let of = |now| say(&[(key, keys::SIGNED)], now);
            assert_eq!(of("2025-05-31"), (true, true), "{key}");
            assert_eq!(of(keys::EXPIRES), (false, true), "{key}");
        }
        assert_eq!(say(&[("good", keys::SIGNED)], "2099-01-01"), (true, true));
    }

    #[test]
    fn gpg_counts_a_revocation_at_once() {
        assert!(!say(&[("revoked-soft", keys::SIGNED)], "2025-03-02").0);
        assert!(!say(&[("revoked-hard", keys::SIGNED)], "2025-03-02").0);
    }

    #[test]
    fn one_good_signature_is_enough_for_gpg() {
        let two = [("expired", keys::SIGNED), ("good", keys::SIGNED)];
        assert_eq!(say(&two, keys::NOW), (true, false));
    }

    #[test]
    fn libzypp_asks_for_the_key_of_the_last_one() {
        let sign = |name| {
            let key = keys::load(name);
            keys::raw_sign(&key, XML, &keys::RawOptions::at(keys::SIGNED).binary())
        };
        let both = [sign("good"), sign("good-rsa4096")].concat();
        let say = |reader: &str, known| {
            let reader = MetadataReader::named(reader).unwrap();
            let certificates = keys::certificates(&[known]);
            let verdict = reader.judge(XML, &both, &certificates, keys::time(keys::NOW));
            verdict.accepted
        };
        for (known, expected) in [("good", false), ("good-rsa4096", true), ("stranger", false)] {
            assert_eq!(say("zypper-suse", known), expected, "{known}");
            assert_eq!(say("dnf-el9", known), known != "stranger", "{known}");
        }
    }

    #[test]
    fn what_is_no_signature() {
        for reader in MetadataReader::names() {
            let reader = MetadataReader::named(reader).unwrap();
            let good = keys::load("good");
            let other = keys::raw_sign(&good, b"x", &keys::RawOptions::at(keys::SIGNED).binary());
            let now = keys::time(keys::NOW);
            for signature in [&b""[..], b"x", &other] {
                let known = keys::certificates(&["good"]);
                assert!(!reader.judge(XML, signature, &known, now).accepted);
            }
            let signed = keys::raw_sign(&good, XML, &keys::RawOptions::at(keys::SIGNED).binary());
            let nobody = Certificates::default();
            assert!(!reader.judge(XML, &signed, &nobody, now).accepted);
        }
    }
}
