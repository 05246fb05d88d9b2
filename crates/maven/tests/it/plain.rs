//! Plain folders: files with signatures, and signed lists of checksums.

use std::fs;
use std::path::Path;

use pkgseal_maven::plain::{self, Policy, SignOptions, What};
use pkgseal_maven::sums::Form;
use pkgseal_maven::{Result, artifact, codes};
use pkgseal_openpgp::{Examination, Signed, codes as signature};
use pkgseal_repo::{
    CheckOptions, Code, Destination, DigestAlgorithm, Limits, NoProgress, Outcome, Root, Severity,
    codes as repo,
};
use pkgseal_testkit::build::{Digest, put};
use pkgseal_testkit::keys::{self, Hash, RawOptions, raw_sign};
use pkgseal_testkit::peers::gnupg::{Home, gpgv};
use pkgseal_testkit::peers::{Run, have, run};

use crate::{assert_accepted, assert_rejected, contents, has, verifier};

const ISO: &[u8] = b"an image\n";
const TAR: &[u8] = b"a source\n";

/// Two files, one of them deeper.
fn bare() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.iso", ISO);
    put(dir.path(), "src/b (1).tar.gz", TAR);
    dir
}

fn lists(algorithms: &[DigestAlgorithm], form: Form) -> SignOptions {
    SignOptions {
        what: What::Lists(algorithms.to_vec(), form),
        ..SignOptions::default()
    }
}

fn sign_to(path: &Path, to: &Destination, wanted: &SignOptions) -> Result<Signed> {
    let time = keys::time(keys::SIGNED);
    let signers = [keys::signer("good", time)];
    let options = CheckOptions::default();
    plain::sign(path, &signers, time, to, wanted, &options, &NoProgress)
}

fn sign(path: &Path, wanted: &SignOptions) -> Result<Signed> {
    sign_to(path, &Destination::Beside, wanted)
}

/// Two files and a signed `SHA256SUMS`.
fn listed() -> tempfile::TempDir {
    let dir = bare();
    let wanted = lists(&[DigestAlgorithm::Sha256], Form::Plain);
    assert_accepted(&sign(dir.path(), &wanted).unwrap().examination);
    dir
}

fn verify_by(path: &Path, policy: Policy) -> Examination {
    let options = CheckOptions::default();
    plain::verify_with(path, &verifier(&["good"]), policy, &options, &NoProgress).unwrap()
}

fn verify(path: &Path) -> Examination {
    let options = CheckOptions::default();
    plain::verify(path, &verifier(&["good"]), &options, &NoProgress).unwrap()
}

fn verify_list(path: &Path) -> Examination {
    let options = CheckOptions::default();
    let (verifier, policy) = (verifier(&["good"]), Policy::default());
    plain::verify_list(path, &verifier, policy, &options, &NoProgress).unwrap()
}

fn by_good(bytes: &[u8]) -> Vec<u8> {
    raw_sign(&keys::load("good"), bytes, &RawOptions::at(keys::SIGNED))
}

fn vouched(examination: &Examination) -> Vec<&str> {
    let details = examination.details.iter();
    details.map(|detail| detail.value.as_str()).collect()
}

/// The only rejection.
#[track_caller]
fn rejects(examination: &Examination, code: Code, subject: &str) {
    assert_rejected(examination, code);
    let findings = examination.report.findings.iter();
    let rejecting: Vec<_> = findings
        .filter(|f| f.severity == Severity::Reject)
        .collect();
    let subjects: Vec<&str> = rejecting.iter().map(|f| f.subject.as_str()).collect();
    assert_eq!(subjects, [subject], "{rejecting:#?}");
}

fn recognised(path: &Path) -> bool {
    plain::recognise(&Root::open(path).unwrap()).unwrap()
}

#[test]
fn each_file_is_signed_and_said_to_be() {
    let dir = bare();
    assert!(!recognised(dir.path()));
    assert_rejected(&verify(dir.path()), signature::NONE);
    let signed = sign(dir.path(), &SignOptions::default()).unwrap();
    assert_accepted(&signed.examination);
    assert_eq!(signed.outputs.len(), 2);
    assert!(recognised(dir.path()));
    let judged = verify(dir.path());
    assert_accepted(&judged);
    assert_eq!((judged.kind, judged.report.files), ("files", 2));
    let fingerprint = keys::load("good").fingerprint();
    assert_eq!(
        vouched(&judged),
        [
            format!("a.iso: a.iso.asc, by {fingerprint}"),
            format!("src/b (1).tar.gz: b (1).tar.gz.asc, by {fingerprint}")
        ]
    );
    let again = SignOptions {
        existing: pkgseal_maven::tree::Existing::Keep,
        ..SignOptions::default()
    };
    let kept = sign(dir.path(), &again).unwrap();
    assert!(kept.outputs.is_empty());
    assert!(has(&kept.examination, codes::ALREADY_SIGNED));
}

#[test]
fn a_list_is_written_the_same_each_time() {
    let dir = listed();
    let first = contents(dir.path());
    let text = fs::read_to_string(dir.path().join("SHA256SUMS")).unwrap();
    let expected = format!(
        "{}  a.iso\n{}  src/b (1).tar.gz\n",
        Digest::Sha256.hex(ISO),
        Digest::Sha256.hex(TAR)
    );
    assert_eq!(text, expected);
    sign(dir.path(), &lists(&[DigestAlgorithm::Sha256], Form::Plain)).unwrap();
    assert_eq!(contents(dir.path()), first);
    let judged = verify(dir.path());
    assert_accepted(&judged);
    let fingerprint = keys::load("good").fingerprint();
    let by = format!("SHA256SUMS, signed by {fingerprint}");
    assert_eq!(vouched(&judged)[0], format!("a.iso: {by}"));
    assert_eq!(judged.signatures.len(), 1);
    // Not only as a folder.
    for path in ["SHA256SUMS", "SHA256SUMS.asc"] {
        let judged = verify_list(&dir.path().join(path));
        assert_accepted(&judged);
        assert_eq!((judged.kind, judged.report.files), ("sums", 2));
    }
    let iso = artifact::verify(
        &dir.path().join("a.iso"),
        &verifier(&["good"]),
        &Limits::default(),
    )
    .unwrap();
    assert_accepted(&iso);
    assert_eq!(iso.kind, "file");
    assert_eq!(vouched(&iso), [format!("a.iso: {by}")]);
}

#[test]
fn another_folder_gets_everything() {
    let dir = bare();
    let before = contents(dir.path());
    let out = tempfile::tempdir().unwrap();
    for wanted in [
        SignOptions::default(),
        lists(&[DigestAlgorithm::Sha512], Form::Tagged),
    ] {
        let to = out.path().join(format!("{}", wanted.what == What::Each));
        sign_to(dir.path(), &Destination::Directory(to.clone()), &wanted).unwrap();
        assert_accepted(&verify(&to));
        assert_eq!(contents(&to).len(), before.len() + 2);
    }
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn whatever_differs_rejects() {
    type Damage = fn(&Path);
    let cases: [(Damage, Code, &str); 9] = [
        (|dir| put(dir, "a.iso", "other"), repo::FILE_DIGEST, "a.iso"),
        (
            |dir| fs::remove_file(dir.join("a.iso")).unwrap(),
            repo::FILE_MISSING,
            "a.iso",
        ),
        (|dir| put(dir, "new.sh", "x"), repo::FILE_SURPLUS, "new.sh"),
        (
            |dir| put(dir, "install.sh", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"),
            repo::FILE_SURPLUS,
            "install.sh",
        ),
        (
            |dir| put(dir, "src/.hidden", "x"),
            repo::FILE_SURPLUS,
            "src/.hidden",
        ),
        (
            |dir| put(dir, "a.iso.sha1", Digest::Sha1.hex(b"other")),
            codes::CHECKSUM_MISMATCH,
            "a.iso",
        ),
        (
            |dir| put(dir, "a.iso.asc", by_good(b"other")),
            signature::BAD,
            "a.iso (a.iso.asc)",
        ),
        (
            |dir| {
                fs::remove_file(dir.join("a.iso")).unwrap();
                std::os::unix::fs::symlink("/etc/hostname", dir.join("a.iso")).unwrap();
            },
            repo::PATH_UNSAFE,
            "a.iso",
        ),
        (
            |dir| std::os::unix::fs::symlink("src", dir.join("link")).unwrap(),
            codes::FILES_LINKED,
            "link",
        ),
    ];
    for (number, (damage, code, subject)) in cases.into_iter().enumerate() {
        let dir = listed();
        damage(dir.path());
        let judged = verify(dir.path());
        assert_rejected(&judged, code);
        let mut findings = judged.report.findings.iter();
        let about = findings.any(|f| f.code == code && f.subject == subject);
        assert!(about, "{number}: {judged:#?}");
    }
}

#[test]
fn lists_that_nobody_known_signed_vouch_for_nothing() {
    let stranger = |dir: &Path| {
        let list = fs::read(dir.join("SHA256SUMS")).unwrap();
        raw_sign(
            &keys::load("stranger"),
            &list,
            &RawOptions::at(keys::SIGNED),
        )
    };
    let dir = listed();
    put(dir.path(), "SHA256SUMS.asc", stranger(dir.path()));
    let judged = verify(dir.path());
    assert_rejected(&judged, signature::MISSING_CERTIFICATE);
    assert!(has(&judged, signature::NONE), "the files are unsigned then");
    assert_eq!(vouched(&judged), Vec::<&str>::new());
    // Beside a good signature another one does no harm, a bad one does.
    let dir = listed();
    put(dir.path(), "SHA256SUMS.sig", stranger(dir.path()));
    let judged = verify(dir.path());
    assert_accepted(&judged);
    assert!(has(&judged, signature::MISSING_CERTIFICATE));
    put(dir.path(), "SHA256SUMS.sign", by_good(b"other"));
    assert_rejected(&verify(dir.path()), signature::BAD);
    for (damage, code) in [
        (None, codes::SUMS_UNSIGNED),
        (Some(Vec::new()), signature::NONE),
        (Some(b"words".to_vec()), signature::MALFORMED),
        (Some(by_good(b"other")), signature::BAD),
    ] {
        let dir = listed();
        match damage {
            Some(bytes) => put(dir.path(), "SHA256SUMS.asc", bytes),
            None => fs::remove_file(dir.path().join("SHA256SUMS.asc")).unwrap(),
        }
        let judged = verify(dir.path());
        assert_eq!(judged.outcome(), Outcome::Rejected);
        assert!(has(&judged, code), "{code}: {judged:#?}");
        assert_eq!(vouched(&judged), Vec::<&str>::new());
        let judged = verify_list(&dir.path().join("SHA256SUMS"));
        assert_eq!(judged.outcome(), Outcome::Rejected, "{judged:#?}");
    }
}

/// A signed list, whatever it says.
fn with_list(name: &str, text: &str) -> tempfile::TempDir {
    let dir = bare();
    fs::remove_dir_all(dir.path().join("src")).unwrap();
    put(dir.path(), name, text);
    put(dir.path(), &format!("{name}.asc"), by_good(text.as_bytes()));
    dir
}

#[test]
fn a_signed_list_is_still_read_strictly() {
    let sum = Digest::Sha256.hex(ISO);
    for (text, code) in [
        (format!("{sum}  a.iso\r\n"), codes::SUMS_MALFORMED),
        (format!("{sum}  a.iso\nnonsense\n"), codes::SUMS_MALFORMED),
        (
            format!("{sum}  a.iso\n{sum}  a.iso\n"),
            codes::SUMS_DUPLICATE,
        ),
        (
            format!("{sum}  a.iso\n{}  b\n", Digest::Md5.hex(ISO)),
            codes::SUMS_MIXED,
        ),
        (format!("{sum}  ../a.iso\n"), repo::PATH_UNSAFE),
        (format!("{sum}  /a.iso\n"), repo::PATH_UNSAFE),
        (format!("\\{sum}  a\\niso\n"), repo::PATH_UNSAFE),
        ("# nothing\n".to_owned(), codes::SUMS_EMPTY),
    ] {
        let dir = with_list("SHA256SUMS", &text);
        let judged = verify(dir.path());
        assert_rejected(&judged, code);
        assert_rejected(&verify_list(&dir.path().join("SHA256SUMS")), code);
        assert_eq!(vouched(&judged), Vec::<&str>::new(), "{text:?}");
    }
}

#[test]
fn a_weak_list_needs_help() {
    let text = format!("{}  a.iso\n", Digest::Md5.hex(ISO));
    let dir = with_list("MD5SUMS", &text);
    rejects(&verify(dir.path()), repo::FILE_WEAK_DIGEST, "a.iso");
    put(dir.path(), "a.iso.asc", by_good(ISO));
    assert_accepted(&verify(dir.path()));
    fs::remove_file(dir.path().join("a.iso.asc")).unwrap();
    let text = format!("SHA512 (a.iso) = {}\n", Digest::Sha512.hex(ISO));
    put(dir.path(), "release-CHECKSUM", &text);
    put(dir.path(), "release-CHECKSUM.sig", by_good(text.as_bytes()));
    assert_accepted(&verify(dir.path()));
    let other = text.replace(&Digest::Sha512.hex(ISO), &Digest::Sha512.hex(b"x"));
    put(dir.path(), "release-CHECKSUM", &other);
    put(
        dir.path(),
        "release-CHECKSUM.sig",
        by_good(other.as_bytes()),
    );
    rejects(&verify(dir.path()), repo::FILE_DIGEST, "a.iso");
    // Two lists of one algorithm that differ.
    let text = format!("{}  a.iso\n", Digest::Sha512.hex(ISO));
    put(dir.path(), "SHA512SUMS", &text);
    put(dir.path(), "SHA512SUMS.asc", by_good(text.as_bytes()));
    assert_rejected(&verify(dir.path()), repo::FILE_CONTRADICTION);
}

#[test]
fn a_weak_signature_makes_no_list_strong() {
    let dir = listed();
    let list = fs::read(dir.path().join("SHA256SUMS")).unwrap();
    let weak = RawOptions::at(keys::SIGNED).hash(Hash::Sha1);
    put(
        dir.path(),
        "SHA256SUMS.asc",
        raw_sign(&keys::load("good"), &list, &weak),
    );
    assert_eq!(verify(dir.path()).outcome(), Outcome::Rejected);
}

#[test]
fn clearsigned_lists_speak_for_themselves() {
    let time = keys::time(keys::SIGNED);
    let signer = [keys::signer("good", time)];
    let dir = listed();
    let list = fs::read(dir.path().join("SHA256SUMS")).unwrap();
    let clear = pkgseal_openpgp::cleartext::sign(&signer, &list, time).unwrap();
    // The signed copy beside it.
    put(dir.path(), "SHA256SUMS.asc", &clear);
    assert_accepted(&verify(dir.path()));
    // Whoever reads the other would be led astray.
    let other = String::from_utf8(list).unwrap().replace("a.iso", "x");
    put(dir.path(), "SHA256SUMS", other);
    assert_rejected(&verify(dir.path()), codes::SUMS_DIFFER);
    // Only the signed one.
    fs::remove_file(dir.path().join("SHA256SUMS")).unwrap();
    assert_accepted(&verify(dir.path()));
    assert_accepted(&verify_list(&dir.path().join("SHA256SUMS.asc")));
    // Around the list itself.
    fs::rename(
        dir.path().join("SHA256SUMS.asc"),
        dir.path().join("SHA256SUMS"),
    )
    .unwrap();
    assert_accepted(&verify(dir.path()));
    assert_accepted(&verify_list(&dir.path().join("SHA256SUMS")));
    let damaged = String::from_utf8(clear).unwrap().replace("a.iso", "b.iso");
    put(dir.path(), "SHA256SUMS", damaged);
    assert_rejected(&verify(dir.path()), signature::BAD);
}

#[test]
fn a_detached_signature_without_its_list_says_nothing() {
    let dir = listed();
    fs::remove_file(dir.path().join("SHA256SUMS")).unwrap();
    assert_rejected(&verify(dir.path()), repo::FILE_MISSING);
    assert_rejected(
        &verify_list(&dir.path().join("SHA256SUMS.asc")),
        repo::FILE_MISSING,
    );
}

#[test]
fn a_policy_lets_pass_and_tells() {
    let dir = listed();
    fs::remove_file(dir.path().join("a.iso")).unwrap();
    put(dir.path(), "README", "x");
    let policy = Policy {
        unsigned: Severity::Warning,
        missing: Severity::Note,
    };
    let judged = verify_by(dir.path(), policy);
    assert_accepted(&judged);
    assert!(has(&judged, repo::FILE_MISSING) && has(&judged, repo::FILE_SURPLUS));
    // But not nothing.
    fs::remove_dir_all(dir.path().join("src")).unwrap();
    rejects(&verify_by(dir.path(), policy), codes::FILES_EMPTY, "");
    let nothing = tempfile::tempdir().unwrap();
    rejects(&verify(nothing.path()), codes::FILES_EMPTY, "");
}

#[test]
fn certificates_and_lonely_signatures_are_told() {
    let dir = listed();
    for name in ["KEYS", "release.key", "team.asc"] {
        let text = format!(
            "Our keys\n{}",
            String::from_utf8_lossy(keys::load("good").certificate())
        );
        put(dir.path(), name, text);
    }
    let judged = verify(dir.path());
    assert_accepted(&judged);
    let told = judged.report.findings.iter();
    let told = told.filter(|finding| finding.code == codes::FILES_CERTIFICATE);
    assert_eq!(told.count(), 3);
    put(dir.path(), "gone.tar.asc", by_good(b"gone"));
    assert!(has(&verify(dir.path()), codes::ORPHAN));
}

#[test]
fn several_signatures_of_a_file_all_count() {
    let dir = bare();
    sign(dir.path(), &SignOptions::default()).unwrap();
    put(dir.path(), "a.iso.sig", by_good(ISO));
    assert_accepted(&verify(dir.path()));
    put(dir.path(), "a.iso.sig", by_good(b"other"));
    rejects(&verify(dir.path()), signature::BAD, "a.iso (a.iso.sig)");
}

#[test]
fn a_file_beside_a_list_that_does_not_name_it() {
    let dir = listed();
    put(dir.path(), "other.iso", "x");
    let limits = Limits::default();
    let judge = |name: &str| {
        artifact::verify(&dir.path().join(name), &verifier(&["good"]), &limits).unwrap()
    };
    rejects(&judge("other.iso"), repo::FILE_SURPLUS, "other.iso");
    put(dir.path(), "a.iso", "changed");
    rejects(&judge("a.iso"), repo::FILE_DIGEST, "a.iso");
    // Its own signature comes first.
    put(dir.path(), "other.iso.asc", by_good(b"x"));
    assert_accepted(&judge("other.iso"));
}

#[test]
fn what_does_not_agree_is_not_signed() {
    let refused = |dir: &Path, wanted: &SignOptions, words: &str| {
        let before = contents(dir);
        let error = sign(dir, wanted).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        assert_eq!(contents(dir), before);
    };
    let each = SignOptions::default();
    let dir = listed();
    put(dir.path(), "a.iso", "changed");
    refused(dir.path(), &each, "not what a list says");
    let time = keys::time(keys::SIGNED);
    let signers = [keys::signer("good", time)];
    let options = CheckOptions::default();
    let one = |name: &str| {
        let (path, to) = (dir.path().join(name), Destination::Beside);
        let made = plain::sign_list(&path, &signers, time, &to, &options, &NoProgress);
        made.map(|(set, _)| set.commit().unwrap().len())
    };
    assert!(
        one("SHA256SUMS")
            .unwrap_err()
            .to_string()
            .contains("a.iso: its SHA-256")
    );
    assert!(one("SHA256SUMS.asc").is_err());
    put(dir.path(), "a.iso", ISO);
    assert_eq!(one("SHA256SUMS").unwrap(), 1);
    fs::remove_file(dir.path().join("a.iso")).unwrap();
    refused(dir.path(), &each, "which is not there");
    let weak = lists(&[DigestAlgorithm::Md5], Form::Plain);
    refused(dir.path(), &weak, "SHA-256 or better");
    // A signature of the old list by another name would be bad afterwards.
    put(dir.path(), "SHA256SUMS.gpg", "x");
    let again = lists(&[DigestAlgorithm::Sha256], Form::Plain);
    refused(dir.path(), &again, "no longer be of its list");
    let empty = tempfile::tempdir().unwrap();
    refused(empty.path(), &each, "no file to sign");
    refused(empty.path(), &again, "no file to list");
    put(empty.path(), "a\\b", "x");
    refused(empty.path(), &again, "backslash");
}

fn sha256sum(folder: &Path, arguments: &[&str]) -> Option<Run> {
    let peer = have("sha256sum")?;
    Some(run(peer.command().current_dir(folder).args(arguments)))
}

#[test]
fn coreutils_and_gpgv_accept_what_we_write() {
    for form in [Form::Plain, Form::Tagged] {
        let dir = bare();
        sign(dir.path(), &lists(&[DigestAlgorithm::Sha256], form)).unwrap();
        let check = ["--check", "--strict", "SHA256SUMS"];
        let Some(checked) = sha256sum(dir.path(), &check) else {
            return;
        };
        assert!(checked.expect_ok().says("src/b (1).tar.gz: OK"));
        let list = fs::read(dir.path().join("SHA256SUMS")).unwrap();
        let asc = fs::read(dir.path().join("SHA256SUMS.asc")).unwrap();
        if let Some(run) = gpgv(&keys::keyring(&["good"]), &asc, Some(&list)) {
            assert!(run.expect_ok().says("GOODSIG"));
        }
        put(dir.path(), "a.iso", "other");
        sha256sum(dir.path(), &check).unwrap().expect_failure();
    }
}

#[test]
fn we_accept_what_coreutils_and_gpg_write() {
    let key = keys::load("good");
    let Some(home) = Home::new(&[&key]) else {
        return;
    };
    let time = keys::time(keys::SIGNED);
    for marks in [&["--text"][..], &["--binary"], &["--tag"]] {
        let dir = bare();
        let files = ["a.iso", "./src/b (1).tar.gz"];
        let Some(run) = sha256sum(dir.path(), &[marks, &files[..]].concat()) else {
            return;
        };
        let list = run.expect_ok().stdout;
        put(dir.path(), "SHA256SUMS", &list);
        put(
            dir.path(),
            "SHA256SUMS.gpg",
            home.detach_sign(&[&key], &list, time),
        );
        assert_accepted(&verify(dir.path()));
        fs::remove_file(dir.path().join("SHA256SUMS.gpg")).unwrap();
        put(
            dir.path(),
            "SHA256SUMS",
            home.clearsign(&[&key], &list, time),
        );
        assert_accepted(&verify(dir.path()));
    }
}

/// Names that coreutils escapes are understood, and refused: no file of such a name is ever
/// opened here.
#[test]
fn escaped_names_are_understood() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a\\b", "a\nb"] {
        fs::write(dir.path().join(name), "x").unwrap();
        let Some(run) = sha256sum(dir.path(), &[name]) else {
            return;
        };
        let list = run.expect_ok().stdout;
        fs::remove_file(dir.path().join(name)).unwrap();
        let signed = with_list("SHA256SUMS", &String::from_utf8(list).unwrap());
        let judged = verify_list(&signed.path().join("SHA256SUMS"));
        rejects(&judged, repo::PATH_UNSAFE, "SHA256SUMS");
    }
}
