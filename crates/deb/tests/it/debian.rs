//! Debian's own InRelease files, at times when they were good and when they were not.

use jiff::{SignedDuration, Timestamp};
use pkgseal_deb::apt::{self, Release};
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verified, Verifier};
use pkgseal_repo::Limits;
use pkgseal_testkit::peers;

use crate::common::{accepted, folder, reasons, write};

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A suite's InRelease, the keyring, and what the suite says of its dates.
struct Suite {
    folder: tempfile::TempDir,
    certificates: Certificates,
    date: Timestamp,
    valid_until: Option<Timestamp>,
}

impl Suite {
    fn fetch(name: &str) -> Option<Self> {
        let Ok(keyring) = std::fs::read(KEYRING) else {
            println!("SKIP: {KEYRING} is not installed");
            return None;
        };
        let message = peers::apt::debian_inrelease(name)?;
        let text = pkgseal_openpgp::cleartext::split(&message).unwrap().text;
        let release = Verified::danger_unverified(text);
        let release = Release::parse(release, name, &Limits::default()).unwrap();
        let folder = folder();
        write(folder.path(), "InRelease", &message);
        Some(Self {
            folder,
            certificates: Certificates::new(Certificate::parse_all(&keyring).0),
            date: release.get().date,
            valid_until: release.get().valid_until,
        })
    }

    fn at(&self, now: Timestamp) -> pkgseal_openpgp::Examination {
        let verifier = Verifier::new(self.certificates.clone(), Profile::strict(), now);
        let path = self.folder.path().join("InRelease");
        apt::verify_release(&path, &verifier, &Limits::default()).unwrap()
    }
}

fn seconds(count: i64) -> SignedDuration {
    SignedDuration::from_secs(count)
}

/// Signed within the hour after its Date, so good from an hour later on.
fn judge(name: &str) {
    let Some(suite) = Suite::fetch(name) else {
        return;
    };
    let soon = suite.date + seconds(3 * 3600);
    let examination = suite.at(soon);
    accepted(&examination);
    let signers = &examination.signatures[0].report.signatures;
    println!("{name}: {} signatures, dated {}", signers.len(), suite.date);

    let found = reasons(&suite.at(suite.date - seconds(60)));
    assert!(
        found.contains(&"apt.release.not-yet-valid") || found.contains(&"signature.not-yet-valid"),
        "{name} a minute before its Date: {found:?}"
    );
    let found = reasons(&suite.at(suite.date - seconds(86_400)));
    assert_eq!(
        found,
        ["signature.not-yet-valid"],
        "{name} a day before its Date"
    );
    // Long after, the keys are dead, whatever the dates say.
    let found = reasons(&suite.at("2045-01-01T00:00:00Z".parse().unwrap()));
    assert!(
        found.contains(&"signature.key-expired"),
        "{name} in 2045: {found:?}"
    );
    match suite.valid_until {
        Some(until) => {
            accepted(&suite.at(until));
            let found = reasons(&suite.at(until + seconds(1)));
            assert_eq!(found, ["apt.release.expired"], "{name}");
        }
        None => accepted(&suite.at(suite.date + seconds(60 * 86_400))),
    }
}

#[test]
fn bookworm() {
    judge("bookworm");
}

#[test]
fn bookworm_updates() {
    judge("bookworm-updates");
}

#[test]
fn bookworm_security() {
    judge("bookworm-security");
}

#[test]
fn trixie() {
    judge("trixie");
}

#[test]
fn sid() {
    judge("sid");
}
