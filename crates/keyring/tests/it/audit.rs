//! Audits: every form that people keep key files in by mistake, and every state of
//! certificates.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use pkgseal_keyring::audit::{Audit, AuditRequest, State, audit, codes};
use pkgseal_keyring::consumer::{Consumer, Model};
use pkgseal_openpgp::codes as openpgp_codes;
use pkgseal_repo::{Code, Finding, Limits, Outcome, Severity};
use pkgseal_testkit::keys;

const NOW: &str = "2025-09-01T00:00:00Z";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn consumers(names: &[&str]) -> Vec<Arc<dyn Consumer>> {
    names
        .iter()
        .map(|name| Arc::new(Model::named(name).unwrap()) as Arc<dyn Consumer>)
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The audit, and what it adds up to within so many days.
fn audited_within(paths: &[&Path], clients: &[&str], now: &str, days: i64) -> (Audit, Outcome) {
    let consumers = consumers(clients);
    let request = AuditRequest {
        consumers: &consumers,
        now: at(now),
        within: SignedDuration::from_hours(24 * days),
        limits: Limits::default(),
    };
    let audit = audit(paths, &request).unwrap();
    let outcome = audit.outcome(&request);
    (audit, outcome)
}

fn audited(path: &Path) -> (Audit, Outcome) {
    audited_within(&[path], &["sequoia"], NOW, 0)
}

fn everything(audit: &Audit) -> Vec<&Finding> {
    let files = audit.files.iter().flat_map(|file| &file.findings);
    let certificates = audit.certificates.iter().flat_map(|one| &one.findings);
    files.chain(certificates).chain(&audit.findings).collect()
}

#[track_caller]
fn says(audit: &Audit, code: Code) -> Finding {
    let findings = everything(audit);
    let found = findings.iter().find(|finding| finding.code == code);
    let found = found.unwrap_or_else(|| panic!("no {code} in {findings:#?}"));
    assert!(!found.detail.is_empty() && !found.subject.is_empty());
    assert!(found.hint.is_some(), "{found:?}");
    (*found).clone()
}

fn armored() -> String {
    String::from_utf8(keys::load("good").certificate().to_vec()).unwrap()
}

#[test]
fn a_good_keyring_is_good() {
    let folder = Folder::new();
    let path = folder.put("good.asc", armored());
    let (audit, outcome) = audited(&path);
    assert_eq!(outcome, Outcome::Accepted);
    assert_eq!(audit.certificates.len(), 1);
    assert_eq!(audit.certificates[0].state, State::Live);
    assert!(
        audit.files[0].findings.is_empty(),
        "{:?}",
        audit.files[0].findings
    );
    let binary = folder.put("good.gpg", keys::load("good").certificate_binary());
    assert_eq!(audited(&binary).1, Outcome::Accepted);
}

#[test]
fn forms_that_some_do_not_read() {
    let keybox = [&[0, 0, 0, 32, 1, 1, 0, 2][..], b"KBXf", &[0; 20]].concat();
    let secret = keys::load("good").secret().to_vec();
    let both = [
        keys::keyring(&["good"]),
        keys::keyring(&["good-v6-ed25519"]),
    ]
    .concat();
    let two = format!(
        "{}\n{}",
        armored(),
        String::from_utf8_lossy(keys::load("stranger").certificate())
    );
    let cut = &armored()[..armored().len() / 2];
    let binary = keys::load("good").certificate_binary();
    let cases: Vec<(&str, Vec<u8>, Code, Severity)> = vec![
        (
            "a.gpg",
            keybox,
            pkgseal_keyring_code("keyring.keybox"),
            Severity::Reject,
        ),
        (
            "b.gpg",
            armored().into_bytes(),
            codes::ARMOR_IN_GPG,
            Severity::Warning,
        ),
        (
            "c.asc",
            binary.clone(),
            codes::BINARY_IN_ASC,
            Severity::Warning,
        ),
        (
            "d.asc",
            armored().replace('\n', "\r\n").into_bytes(),
            codes::CRLF,
            Severity::Warning,
        ),
        ("e.asc", secret, codes::EXPOSED, Severity::Reject),
        (
            "f.asc",
            two.into_bytes(),
            codes::SEVERAL_BLOCKS,
            Severity::Note,
        ),
        ("g.asc", Vec::new(), codes::EMPTY, Severity::Reject),
        (
            "h.asc",
            b"<!DOCTYPE html><title>404</title>".to_vec(),
            codes::WEB_PAGE,
            Severity::Reject,
        ),
        (
            "i.asc",
            b"\n<HTML><body>no</body>".to_vec(),
            codes::WEB_PAGE,
            Severity::Reject,
        ),
        (
            "j.asc",
            cut.as_bytes().to_vec(),
            codes::TRUNCATED,
            Severity::Reject,
        ),
        (
            "k.gpg",
            binary[..binary.len() - 10].to_vec(),
            codes::TRUNCATED,
            Severity::Reject,
        ),
        ("l.gpg", both, codes::V6_HIDES, Severity::Warning),
        (
            "m.asc",
            b"ssh-ed25519 AAAA me".to_vec(),
            codes::OTHER_DATA,
            Severity::Reject,
        ),
        (
            "n.asc",
            b"hello".to_vec(),
            codes::OTHER_DATA,
            Severity::Reject,
        ),
    ];
    for (name, bytes, code, severity) in cases {
        let folder = Folder::new();
        let (audit, outcome) = audited(&folder.put(name, bytes));
        let finding = says(&audit, code);
        assert_eq!(finding.severity, severity, "{name}");
        assert!(finding.subject.ends_with(name));
        assert!(
            finding.hint.is_some_and(|hint| hint.contains(name)
                || severity < Severity::Reject
                || hint.contains("get it again")),
            "{name}"
        );
        let rejected = severity == Severity::Reject;
        assert_eq!(
            outcome == Outcome::Rejected,
            rejected,
            "{name}: {outcome:?}"
        );
    }
}

/// A code that has no constant outside.
fn pkgseal_keyring_code(id: &str) -> Code {
    *pkgseal_keyring::CODES
        .iter()
        .find(|code| code.id == id)
        .unwrap()
}

#[test]
fn modes() {
    let folder = Folder::new();
    for (mode, code) in [
        (0o640, Some(codes::MODE)),
        (0o600, Some(codes::MODE)),
        (0o666, Some(codes::WRITABLE)),
        (0o602, Some(codes::WRITABLE)),
        (0o644, None),
        (0o444, None),
        (0o664, None),
    ] {
        let path = folder.put("x.asc", armored());
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let (audit, outcome) = audited(&path);
        let found: Vec<_> = audit.files[0]
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect();
        match code {
            Some(code) => assert!(found.contains(&code), "{mode:o}: {found:?}"),
            None => assert_eq!(found, [], "{mode:o}"),
        }
        assert_eq!(outcome == Outcome::Rejected, mode & 2 != 0, "{mode:o}");
        fs::remove_file(&path).unwrap();
    }
}

/// The packets in one armored block.
fn dearmored(block: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut packets = Vec::new();
    sequoia_openpgp::armor::Reader::from_reader(
        block,
        sequoia_openpgp::armor::ReaderMode::Tolerant(None),
    )
    .read_to_end(&mut packets)
    .unwrap();
    packets
}

#[test]
fn a_secret_key_is_worse_where_everyone_reads_it() {
    let folder = Folder::new();
    for (name, bytes) in [
        ("x.asc", keys::load("good").secret().to_vec()),
        ("x.gpg", dearmored(keys::load("good").secret())),
    ] {
        let path = folder.put(name, bytes);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let finding = says(
            &audited(&path).0,
            pkgseal_keyring_code("keyring.secret-key"),
        );
        assert_eq!(finding.severity, Severity::Reject);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let (audit, outcome) = audited(&path);
        says(&audit, codes::EXPOSED);
        assert_eq!(outcome, Outcome::Rejected);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn links_that_lead_nowhere() {
    let folder = Folder::new();
    let link = folder.path().join("gone.asc");
    symlink("nowhere.asc", &link).unwrap();
    folder.put("good.asc", armored());
    for path in [link.as_path(), folder.path()] {
        let (audit, outcome) = audited(path);
        let finding = says(&audit, codes::DANGLING);
        assert!(finding.subject.ends_with("gone.asc") && finding.detail.contains("nowhere.asc"));
        assert_eq!(outcome, Outcome::Undecided);
    }
    // A path that is not there at all cannot be audited.
    let consumers = consumers(&["sequoia"]);
    let request = AuditRequest {
        consumers: &consumers,
        now: at(NOW),
        within: SignedDuration::ZERO,
        limits: Limits::default(),
    };
    assert!(audit(&[folder.path().join("never")], &request).is_err());
}

#[test]
fn states_of_certificates() {
    for (key, state, code) in [
        ("good", State::Live, None),
        ("expired", State::Expired, Some(codes::STATE_EXPIRED)),
        ("subkey-expired", State::Expired, Some(codes::STATE_EXPIRED)),
        ("revoked-hard", State::Revoked, Some(codes::STATE_REVOKED)),
        ("revoked-soft", State::Retired, Some(codes::STATE_RETIRED)),
        (
            "subkey-revoked-soft",
            State::Retired,
            Some(codes::STATE_RETIRED),
        ),
        (
            "no-backsig",
            State::Unbound,
            Some(codes::STATE_NO_BACK_SIGNATURE),
        ),
        ("unbound-subkey", State::Unbound, Some(codes::STATE_UNBOUND)),
        (
            "sha1-binding",
            State::WeakBinding,
            Some(codes::STATE_WEAK_BINDING),
        ),
        (
            "sha1-subkey-binding",
            State::WeakBinding,
            Some(codes::STATE_WEAK_BINDING),
        ),
        ("rsa1024", State::WeakKey, Some(codes::STATE_WEAK_KEY)),
        ("dsa2048", State::WeakKey, Some(codes::STATE_WEAK_KEY)),
        (
            "not-signing",
            State::NoSigningKey,
            Some(codes::STATE_NO_SIGNING_KEY),
        ),
        (
            "authentication-only",
            State::NoSigningKey,
            Some(codes::STATE_NO_SIGNING_KEY),
        ),
    ] {
        let folder = Folder::new();
        let (audit, _) = audited(&folder.put("x.asc", keys::load(key).certificate()));
        let row = &audit.certificates[0];
        assert_eq!(row.state, state, "{key}");
        if let Some(code) = code {
            says(&audit, code);
        }
        for finding in &row.findings {
            assert!(
                finding.severity <= Severity::Warning,
                "{key}: the state of a certificate decides nothing"
            );
        }
    }
    // Of the future, and about to end.
    let folder = Folder::new();
    let young = folder.put("young.asc", keys::load("young").certificate());
    let (audit, _) = audited_within(&[&young], &["sequoia"], "2025-03-01T00:00:00Z", 0);
    assert_eq!(audit.certificates[0].state, State::NotYetValid);
    let expired = folder.put("expired.asc", keys::load("expired").certificate());
    let (audit, _) = audited_within(&[&expired], &["sequoia"], "2025-05-01T00:00:00Z", 0);
    says(&audit, openpgp_codes::CERTIFICATE_EXPIRES_SOON);
}

#[test]
fn nothing_but_keys() {
    // Packets that are no signatures.
    let mut bare = Vec::new();
    let binary = keys::load("good").certificate_binary();
    let mut rest = binary.as_slice();
    while let Some((tag, _, after)) = pkgseal_openpgp::packet(rest) {
        if matches!(tag, 6 | 14) {
            bare.extend_from_slice(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    let folder = Folder::new();
    let path = folder.put("bare.gpg", bare);
    let (audit, outcome) = audited_within(&[&path], &["sequoia", "gradle"], NOW, 0);
    says(&audit, codes::STATE_BARE);
    let findings = &audit.certificates[0].findings;
    assert!(
        findings
            .iter()
            .any(|one| one.code == openpgp_codes::CERTIFICATE_NO_USER_ID)
    );
    assert_eq!(outcome, Outcome::Rejected);
    assert_eq!(
        audited_within(&[&path], &["gradle"], NOW, 0).1,
        Outcome::Accepted
    );
}

#[test]
fn what_ends_within_the_time_asked_about() {
    let folder = Folder::new();
    let path = folder.put("x.asc", keys::load("expired").certificate());
    for (now, days, clients, expected) in [
        (
            "2025-03-01T00:00:00Z",
            0,
            &["sequoia"][..],
            Outcome::Accepted,
        ),
        ("2025-03-01T00:00:00Z", 30, &["sequoia"], Outcome::Accepted),
        ("2025-03-01T00:00:00Z", 92, &["sequoia"], Outcome::Rejected),
        ("2025-05-31T00:00:00Z", 1, &["sequoia"], Outcome::Rejected),
        (
            "2025-05-31T00:00:00Z",
            1,
            &["gradle", "maven-central"],
            Outcome::Accepted,
        ),
        ("2025-09-01T00:00:00Z", 0, &["sequoia"], Outcome::Rejected),
    ] {
        let (_, outcome) = audited_within(&[&path], clients, now, days);
        assert_eq!(outcome, expected, "{now} + {days} days, {clients:?}");
    }
}

#[test]
fn copies_of_one_certificate() {
    let folder = Folder::new();
    // The same in several forms is one row.
    folder.put("a.asc", armored());
    folder.put("b.gpg", keys::load("good").certificate_binary());
    let (audit, _) = audited(folder.path());
    assert_eq!(audit.certificates.len(), 1);
    assert_eq!(audit.certificates[0].files.len(), 2);
    // A copy from before the revocation lacks it.
    let folder = Folder::new();
    let new = keys::load("revoked-hard").certificate_binary();
    let mut old = Vec::new();
    let mut rest = new.as_slice();
    while let Some((tag, body, after)) = pkgseal_openpgp::packet(rest) {
        if !(tag == 2 && matches!(body, [4, 0x20, ..])) {
            old.extend_from_slice(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    assert_ne!(old, new);
    folder.put("new.gpg", &new);
    folder.put("old.gpg", &old);
    let (audit, _) = audited(folder.path());
    assert_eq!(audit.certificates.len(), 2);
    let finding = says(&audit, codes::STALE);
    assert!(finding.detail.starts_with("the copy in") && finding.detail.contains("old.gpg"));
    assert_eq!(
        everything(&audit)
            .iter()
            .filter(|one| one.code == codes::STALE)
            .count(),
        1
    );
}

#[test]
fn read_me_files_in_directories_are_mentioned_alone() {
    let folder = Folder::new();
    folder.put("good.asc", armored());
    folder.put("README", "keys of ours\n");
    let (audit, outcome) = audited(folder.path());
    assert_eq!(outcome, Outcome::Accepted);
    assert_eq!(says(&audit, codes::OTHER_DATA).severity, Severity::Note);
    folder.put("page.asc", "<!DOCTYPE html>");
    assert_eq!(audited(folder.path()).1, Outcome::Rejected);
}

#[test]
fn bytes_of_no_sense_never_panic() {
    let folder = Folder::new();
    let good = keys::load("good").certificate_binary();
    for step in 0..good.len() {
        let mut bytes = good.clone();
        bytes[step] ^= 0x55;
        if step % 7 == 0 {
            bytes.truncate(step);
        }
        let path = folder.put("x.gpg", &bytes);
        let (audit, outcome) = audited(&path);
        let explained = !everything(&audit).is_empty();
        assert!(
            outcome == Outcome::Accepted || explained || !audit.certificates.is_empty(),
            "{step}"
        );
    }
}
