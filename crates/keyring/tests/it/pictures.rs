//! Certificates with pictures, as gpg makes them: kept byte for byte, named where judged.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use pkgseal_keyring::diff::{Safety, diff, outcome};
use pkgseal_keyring::doctor::{Remedy, diagnose};
use pkgseal_keyring::{Encoding, Extent, Filter, filter, merge, trim};
use pkgseal_openpgp::{Certificate, Certificates, Profile};
use pkgseal_repo::Severity;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::gnupg;

/// A JPEG file with nothing in it.
const PICTURE: &[u8] = &[
    0xff, 0xd8, 0xff, 0xe0, 0, 0x10, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff,
    0xd9,
];

/// A key of gpg's with a picture.
struct Person {
    home: gnupg::Home,
}

impl Person {
    /// With this digest on everything.
    fn new(digest: &str) -> Option<Self> {
        let home = gnupg::Home::new(&[])?;
        let person = Self { home };
        let made = ["rsa2048", "cert,sign", "never"];
        let mut command = person.gpg(digest);
        let run = command
            .args(["--quick-gen-key", "Person <person@test.invalid>"])
            .args(made)
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        Some(person)
    }

    fn gpg(&self, digest: &str) -> std::process::Command {
        let mut command = self.home.command();
        command.args(["--faked-system-time", "20250301T000000!"]);
        command.args(["--cert-digest-algo", digest]);
        command
    }

    fn edit(&self, digest: &str, words: &str) {
        let fingerprint = self.certificate().fingerprint().to_string();
        let mut command = self.gpg(digest);
        let mut gpg = command
            .args(["--command-fd", "0", "--edit-key", &fingerprint])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        gpg.stdin
            .take()
            .unwrap()
            .write_all(words.as_bytes())
            .unwrap();
        assert!(gpg.wait().unwrap().success());
    }

    fn photographed(&self, digest: &str) {
        let path = self.home.path().join("picture.jpg");
        fs::write(&path, PICTURE).unwrap();
        self.edit(digest, &format!("addphoto\n{}\ny\nsave\n", path.display()));
    }

    fn exported(&self) -> Vec<u8> {
        let path = self.home.path().join("exported");
        let mut command = self.home.command();
        let run = command
            .arg("--output")
            .arg(&path)
            .arg("--export")
            .output()
            .unwrap();
        assert!(run.status.success(), "{run:?}");
        fs::read(path).unwrap()
    }

    fn certificate(&self) -> Certificate {
        let (mut read, errors) = Certificate::parse_all(&self.exported());
        assert_eq!(errors, []);
        read.remove(0)
    }
}

fn one(certificate: &Certificate) -> Certificates {
    Certificates::new([certificate.clone()])
}

/// What gpg gives back of it.
fn through_gpg(bytes: &[u8]) -> Vec<u8> {
    let person = Person {
        home: gnupg::Home::new(&[]).unwrap(),
    };
    person.home.import(bytes);
    person.exported()
}

#[test]
fn pictures_are_kept_byte_for_byte() {
    let Some(person) = Person::new("SHA512") else {
        return;
    };
    let plain = person.certificate();
    person.photographed("SHA512");
    let exported = person.exported();
    let certificate = person.certificate();
    let now = keys::time("2025-03-02");
    assert!(
        exported
            .windows(PICTURE.len())
            .any(|window| window == PICTURE)
    );

    let merged = merge(
        &[
            ("old".to_owned(), one(&plain)),
            ("new".to_owned(), one(&certificate)),
        ],
        Extent::Own,
    )
    .unwrap();
    let strict = Profile::strict();
    let filtered = filter(&one(&certificate), &Filter::default(), &strict, now).unwrap();
    for made in [&merged, &filtered] {
        assert_eq!(made.findings, []);
        // Every packet is as gpg wrote it, up to the form of its length.
        let armored = Encoding::Armored.encode(&made.certificates);
        assert_eq!(through_gpg(&armored), exported);
    }

    let small = trim(&one(&certificate), Extent::Minimal).unwrap();
    assert!(
        small.findings[0].detail.contains("one picture"),
        "{:?}",
        small.findings
    );
    assert_eq!(
        Encoding::Binary.encode(&small.certificates),
        Encoding::Binary.encode(&trim(&one(&plain), Extent::Minimal).unwrap().certificates)
    );

    for (before, after, how) in [
        (&plain, &certificate, "is new"),
        (&certificate, &plain, "is gone"),
    ] {
        let changes = diff(&one(before), &one(after), &strict, now).unwrap();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].code.id, "keyring.diff.picture");
        assert_eq!(changes[0].safety, Safety::Safe);
        assert!(changes[0].detail.contains(how), "{changes:?}");
        assert_eq!(outcome(&changes), pkgseal_repo::Outcome::Accepted);
    }
    let troubles = diagnose(&certificate, now).unwrap().troubles;
    assert!(
        troubles
            .iter()
            .all(|trouble| trouble.finding.code.id != "doctor.picture")
    );

    person.edit("SHA512", "uid 2\nrevuid\ny\n0\n\ny\nsave\n");
    let revoked = person.certificate();
    let merged = merge(
        &[
            ("old".to_owned(), one(&certificate)),
            ("new".to_owned(), one(&revoked)),
        ],
        Extent::Own,
    )
    .unwrap();
    let said = &merged.findings[0].detail;
    assert!(
        said.contains("the picture of ") && said.contains("not known to old"),
        "{said}"
    );
    let changes = diff(&one(&certificate), &one(&revoked), &strict, now).unwrap();
    assert!(
        changes
            .iter()
            .any(|change| change.code.id == "keyring.diff.revoked"),
        "{changes:?}"
    );
}

#[test]
fn the_doctor_names_a_weak_one_and_leaves_it() {
    let Some(person) = Person::new("SHA512") else {
        return;
    };
    person.photographed("SHA1");
    let diagnosis = diagnose(&person.certificate(), keys::time("2025-03-02")).unwrap();
    let mut troubles = diagnosis.troubles.iter();
    let trouble = troubles
        .find(|trouble| trouble.finding.code.id == "doctor.picture")
        .unwrap();
    assert_eq!(trouble.finding.severity, Severity::Note);
    assert_eq!(trouble.remedy, Remedy::Nothing);
    assert!(
        trouble.finding.detail.contains("SHA1"),
        "{}",
        trouble.finding.detail
    );
    assert!(!diagnosis.needs_mending());
}
