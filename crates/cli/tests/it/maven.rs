//! `pkgseal maven`: a release signed, checked, bundled and verified by the built command.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::{maven, put};
use pkgseal_testkit::keys;

use crate::run::{Call, find, pkgseal, private_key};

const SIGNED: &str = keys::SIGNED;

struct Release {
    directory: tempfile::TempDir,
}

impl Release {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (path, content) in maven::Artifact::new("org.example", "lib", "1.0").files() {
            put(&directory.path().join("staging"), &path, content);
        }
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn call(&self, command: &str) -> Call {
        pkgseal(["maven"])
            .args(command.split(' '))
            .args(["--time", SIGNED])
            .env("MAVEN_GPG_KEY", "")
            .env("MAVEN_GPG_PASSPHRASE", "")
            .env("MAVEN_GPG_KEY_FINGERPRINT", "")
    }

    fn verifying(&self, command: &str) -> Call {
        self.call(command)
            .arg("--keyring")
            .arg(keys::load("good").certificate_path())
    }

    fn sign(&self) -> Call {
        self.call("sign --checksums md5,sha1")
            .arg("--key")
            .arg(private_key(self.directory.path(), "good-ed25519.key.asc"))
            .arg(self.path("staging"))
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn from_a_staging_folder_to_a_bundle() {
    let release = Release::new();
    let staging = release.path("staging");
    let before = release.verifying("check").arg(&staging).run().expect(1);
    for words in [
        "Maven Central: Missing signature for file: lib-1.0.jar",
        "Maven Central: Missing md5 checksum for file: lib-1.0.pom",
    ] {
        before.prints(words);
    }
    let bundle = release.path("bundle.zip");
    let output = || release.verifying("bundle").arg("--output").arg(&bundle);
    output().arg(&staging).run().expect(1);
    assert!(!bundle.exists());

    let signed = release.sign().run().expect(0);
    assert!(signed.stdout.starts_with("signed "), "{}", signed.stdout);
    let again = release.sign().run().expect(0);
    again.prints("maven.already-signed");
    again.prints_no("wrote");

    release.verifying("check").arg(&staging).run().expect(0);
    let made = output().arg(&staging).run().expect(0);
    made.prints("wrote");
    let first = fs::read(&bundle).unwrap();
    output().arg(&staging).run().expect(0);
    assert!(fs::read(&bundle).unwrap() == first);
    release
        .verifying("check --json")
        .arg(&bundle)
        .run()
        .expect(0);
    release.verifying("verify").arg(&staging).run().expect(0);
    // Nothing is decided without a keyring.
    let open = release.call("check").arg(&bundle).run().expect(2);
    open.prints("maven.central.signature-unchecked");
}

#[test]
fn mavens_variables_are_honoured() {
    let key = String::from_utf8(keys::load("protected").secret().to_vec()).unwrap();
    let fingerprint = keys::load("protected").fingerprint();
    let release = Release::new();
    let sign = |passphrase: &str, fingerprint: &str| {
        release
            .call("sign")
            .env("MAVEN_GPG_KEY", &key)
            .env("MAVEN_GPG_PASSPHRASE", passphrase)
            .env("MAVEN_GPG_KEY_FINGERPRINT", fingerprint)
            .arg(release.path("staging"))
            .run()
    };
    let wrong = sign("not that one", "").expect(2);
    assert!(
        !wrong.stderr.contains("BEGIN") && !wrong.stderr.contains("not that one"),
        "{}",
        wrong.stderr
    );
    sign(keys::PASSPHRASE, &fingerprint[24..]).expect(2);
    sign(keys::PASSPHRASE, &fingerprint).expect(0);
    let keyring = keys::load("protected").certificate_path();
    let verify = |signer: &str| {
        release
            .call("verify")
            .arg("--signer")
            .arg(signer)
            .arg("--keyring")
            .arg(&keyring)
            .arg(release.path("staging"))
            .run()
    };
    verify(&fingerprint).expect(0);
    verify(&keys::load("good").fingerprint()).expect(1);
    let nobody = release
        .call("sign")
        .arg(release.path("staging"))
        .run()
        .expect(2);
    nobody.complains("MAVEN_GPG_KEY");
}

#[test]
fn coordinates_that_are_none_are_refused() {
    let release = Release::new();
    for coordinates in ["org.example", "org.example:lib:2.0"] {
        release
            .sign()
            .args(["--coordinates", coordinates])
            .run()
            .expect(2);
    }
    release
        .sign()
        .args([
            "--coordinates",
            "org.example:lib:jar:1.0,org.example:lib:pom:1.0",
        ])
        .run()
        .expect(0);
    let asc = fs::read_dir(release.path("staging/org/example/lib/1.0"))
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|e| e == "asc")
        });
    assert_eq!(asc.count(), 2);
}

#[test]
fn trust_files_are_learned_converted_and_used() {
    let release = Release::new();
    let staging = release.path("staging");
    release.sign().run().expect(0);
    let keysmap = release.path("keysmap.list");
    release
        .verifying("trust learn")
        .arg("--output")
        .arg(&keysmap)
        .arg(&staging)
        .run()
        .expect(0);
    let good = keys::load("good");
    assert_eq!(
        text(&keysmap),
        format!("org.example = 0x{}\n", good.fingerprint())
    );
    let verify = |file: &Path| {
        release
            .verifying("verify")
            .arg("--trust-file")
            .arg(file)
            .arg(&staging)
            .run()
    };
    verify(&keysmap).expect(0);

    let xml = release.path("verification-metadata.xml");
    release
        .verifying("trust convert --to gradle")
        .arg("--output")
        .arg(&xml)
        .arg(&keysmap)
        .run()
        .expect(0);
    assert!(
        text(&xml).contains(&good.signing_fingerprint()),
        "Gradle asks for the subkey"
    );
    verify(&xml).expect(0);
    let keys_file = release.path("KEYS");
    let told = release
        .verifying("trust convert --to keys")
        .arg("--output")
        .arg(&keys_file)
        .arg(&xml)
        .run()
        .expect(0);
    told.complains("every scope is lost");
    verify(&keys_file).expect(0);
    let back = release
        .call("trust convert --to keysmap --group org.example.*")
        .arg(&keys_file)
        .run()
        .expect(0);
    assert_eq!(
        back.stdout,
        format!("org.example.* = 0x{}\n", good.fingerprint())
    );

    fs::write(&keysmap, "org.example = noSig\n").unwrap();
    let rejected = verify(&keysmap).expect(1);
    rejected.prints("maven.trust.forbidden");
    fs::write(&keysmap, "org.example = perhaps\n").unwrap();
    let undecided = verify(&keysmap).expect(2);
    undecided.complains("line 1");
}

#[test]
fn unsigned_files_pass_only_with_a_word() {
    let release = Release::new();
    release.sign().run().expect(0);
    let staging = release.path("staging");
    fs::remove_file(find(&staging, "lib-1.0.jar.asc")).unwrap();
    release.verifying("verify").arg(&staging).run().expect(1);
    let warned = release
        .verifying("verify --unsigned warn")
        .arg(&staging)
        .run()
        .expect(0);
    warned.prints("maven.unsigned");
}

#[test]
fn a_hostile_bundle_or_trust_file_reaches_no_terminal() {
    let release = Release::new();
    let hostile = "evil\u{1b}[2J";
    let bundle = release.path("bundle.zip");
    let entry = format!("{hostile}/a");
    fs::write(
        &bundle,
        pkgseal_testkit::build::zip::stored(&[(&entry, b"x")]),
    )
    .unwrap();
    let judged = release.verifying("check").arg(&bundle).run().expect(1);
    assert!(!judged.stdout.contains('\u{1b}'), "{:?}", judged.stdout);
    let keysmap = release.path("keysmap.list");
    fs::write(&keysmap, format!("{hostile} = any\n")).unwrap();
    let shown = release
        .call("trust convert --to keysmap")
        .arg(&keysmap)
        .run();
    assert!(!shown.stdout.contains('\u{1b}') && !shown.stderr.contains('\u{1b}'));
}
