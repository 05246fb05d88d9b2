//! Every kind of object, signed by every kind of signer, before those who verify them.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::build::{maven, put};
use pkgseal_testkit::keys::{self, TestKey, load};
use pkgseal_testkit::peers::gnupg::gpgv;
use pkgseal_testkit::peers::signing_command::SigningCommand;
use pkgseal_testkit::peers::softhsm::{Beside, SoftHsm, TOKEN};
use pkgseal_testkit::peers::{self, deb, devscripts, files, rpm, sequoia};

use crate::run::{Call, pkgseal};

/// One of each kind, not signed.
pub(crate) struct Objects {
    folder: tempfile::TempDir,
}

/// What is signed, and how the command is told what it is.
const OBJECTS: &[(&str, &[&str])] = &[
    ("apt", &[]),
    ("flat/Release", &[]),
    ("hello_1.0_amd64.deb", &[]),
    ("alpha-1.0-1.noarch.rpm", &[]),
    ("yum", &[]),
    ("maven", &[]),
    ("notes.txt", &[]),
    ("downloads", &["--as", "sums"]),
    ("upload/hello_1.0-1_amd64.changes", &[]),
];

impl Objects {
    pub(crate) fn new() -> Self {
        let objects = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let root = objects.folder.path();
        let package = Deb::new("hello", "1.0", "amd64");
        let suite =
            pkgseal_testkit::build::apt::Repository::new("stable", vec![("main", package.clone())]);
        suite.write(&root.join("apt"));
        put(root, "flat/Release", suite.release());
        put(root, &package.file_name(), package.build());
        let rpm = || Rpm::new("alpha", "1.0", "noarch", Format::V4);
        put(root, &rpm().file_name(), rpm().build());
        Repository::new(vec![rpm()]).write(&root.join("yum"));
        let artifact = maven::Artifact::new("org.example", "lib", "1.0");
        maven::write(&root.join("maven"), &[artifact]);
        put(root, "notes.txt", "some words\n");
        put(root, "downloads/a.iso", "an image");
        for (name, content) in Upload::new().unsigned() {
            put(root, &format!("upload/{name}"), content);
        }
        objects
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Signs each; `with` names the key.
    pub(crate) fn sign(&self, with: &dyn Fn(Call) -> Call) {
        for (name, more) in OBJECTS {
            with(pkgseal(["sign", "--time", keys::SIGNED]))
                .args(*more)
                .arg(self.path(name))
                .run()
                .expect(0);
        }
    }

    fn is_good(&self, key: &TestKey, signature: &str, data: Option<&str>) {
        let read = |name: &str| fs::read(self.path(name)).unwrap();
        let keyring = key.certificate_binary();
        let data = data.map(read);
        if let Some(run) = gpgv(&keyring, &read(signature), data.as_deref()) {
            assert!(run.expect_ok().says("GOODSIG"), "{signature}");
        }
    }

    /// Whether everybody takes them; rpm 4.18 knows no key on a NIST curve.
    pub(crate) fn verify(&self, key: &TestKey) {
        self.is_good(key, "apt/dists/stable/InRelease", None);
        let release = "apt/dists/stable/Release";
        self.is_good(key, &format!("{release}.gpg"), Some(release));
        self.is_good(key, "flat/InRelease", None);
        self.is_good(
            key,
            "yum/repodata/repomd.xml.asc",
            Some("yum/repodata/repomd.xml"),
        );
        self.is_good(key, "notes.txt.asc", Some("notes.txt"));
        self.is_good(
            key,
            "downloads/SHA256SUMS.asc",
            Some("downloads/SHA256SUMS"),
        );
        let artifacts = files(&self.path("maven"));
        let signatures = artifacts.iter().filter(|path| has(path, "asc"));
        assert!(signatures.clone().count() >= 2);
        for signature in signatures {
            let name = |path: &Path| path.to_str().unwrap().to_owned();
            self.is_good(
                key,
                &name(signature),
                Some(&name(&signature.with_extension(""))),
            );
        }
        let notes = fs::read(self.path("notes.txt")).unwrap();
        let signature = fs::read(self.path("notes.txt.asc")).unwrap();
        if let Some(run) = sequoia::sqv(&key.certificate_binary(), &signature, &notes) {
            run.expect_ok();
        }
        if let Some(run) = peers::apt::update(
            &self.path("apt"),
            "stable",
            "main",
            &key.certificate_binary(),
        ) {
            assert!(!run.says("not signed") && !run.says("W: GPG"), "{run}");
        }
        for document in ["hello_1.0-1.dsc", "hello_1.0-1_amd64.changes"] {
            let document = self.path("upload").join(document);
            if let Some(run) = devscripts::dscverify(&document, &key.certificate_binary()) {
                run.expect_ok();
            }
        }
        let package = self.path("hello_1.0_amd64.deb");
        // It finds primary keys only.
        if key.name().starts_with("primary-signs")
            && let Some(run) = deb::debsig_verify(&package, &["origin"], key)
        {
            run.expect_ok();
        }
        let nist = key.name().starts_with("good-p");
        if !nist && let Some(run) = rpm::check(&self.path("alpha-1.0-1.noarch.rpm"), &[key]) {
            run.expect_ok();
        }
        for (name, _) in OBJECTS {
            pkgseal(["verify", "--time", "2025-03-02", "--keyring"])
                .arg(key.certificate_path())
                .arg(self.path(name))
                .run()
                .expect(0);
        }
    }
}

fn has(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}

/// As testers of signers name them.
pub(crate) const KINDS: &[&str] = &[
    "primary-signs-rsa3072",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "primary-signs",
];

#[test]
fn a_token_signs_every_kind_of_object() {
    for name in KINDS {
        let Some(hsm) = SoftHsm::new() else { return };
        let key = load(name);
        hsm.import(&key, "release", "a1", Beside::Public);
        let objects = Objects::new();
        objects.sign(&|call| {
            call.env("SOFTHSM2_CONF", hsm.settings())
                .env("PKGSEAL_PKCS11_MODULE", hsm.module())
                .args([
                    "--key",
                    &format!("pkcs11:token={}", TOKEN.replace(' ', "%20")),
                ])
                .arg("--certificate")
                .arg(key.certificate_path())
                .arg("--passphrase-file")
                .arg(hsm.pin_file())
        });
        objects.verify(&key);
    }
}

#[test]
fn a_command_signs_every_kind_of_object() {
    for (name, mode) in [
        ("primary-signs-rsa3072", "each"),
        ("good-p256", "session"),
        ("primary-signs", "session"),
    ] {
        let key = load(name);
        let Some(command) = SigningCommand::new(&key) else {
            return;
        };
        let settings = command.settings(&format!("mode = \"{mode}\""));
        let objects = Objects::new();
        objects.sign(&|call| {
            call.arg("--key")
                .arg(format!("command:{}", settings.display()))
                .arg("--certificate")
                .arg(key.certificate_path())
        });
        objects.verify(&key);
    }
}

/// The same key signs the same bytes, whoever holds it.
#[test]
fn signatures_do_not_depend_on_who_holds_the_key() {
    let key = load("primary-signs-rsa3072");
    let (Some(hsm), Some(command)) = (SoftHsm::new(), SigningCommand::new(&key)) else {
        return;
    };
    hsm.import(&key, "release", "a1", Beside::Public);
    let secret = hsm.secret_file("key.asc", std::str::from_utf8(key.secret()).unwrap());
    let signed = |name: String, pin: &Path| {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "notes.txt", "some words\n");
        pkgseal(["sign", "--time", keys::SIGNED, "--key", &name])
            .env("SOFTHSM2_CONF", hsm.settings())
            .arg("--pkcs11-module")
            .arg(hsm.module())
            .arg("--certificate")
            .arg(key.certificate_path())
            .arg("--passphrase-file")
            .arg(pin)
            .arg(folder.path().join("notes.txt"))
            .run()
            .expect(0);
        fs::read(folder.path().join("notes.txt.asc")).unwrap()
    };
    let pin = hsm.pin_file();
    let by_file = signed(secret.display().to_string(), &pin);
    let by_token = signed("pkcs11:object=release".to_owned(), &pin);
    let by_command = signed(format!("command:{}", command.program().display()), &pin);
    assert_eq!(by_file, by_token);
    assert_eq!(by_file, by_command);
}
