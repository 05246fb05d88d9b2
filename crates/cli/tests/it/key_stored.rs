//! Revocations that were made beforehand, applied without any secret key: ours, gpg's, sq's;
//! and what gpg, gpgv, sqv and sq make of the certificate then.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::Certificate;
use pkgseal_testkit::keys::{self, load};
use pkgseal_testkit::peers::gnupg::Home;
use pkgseal_testkit::peers::{gnupg, have, run, sequoia};

use crate::run::{Call, find, listing, pkgseal, private_key};

const MADE: &str = "2025-03-01";
const SIGNED: &str = "2025-03-02";
const APPLIED: &str = "2025-06-01";

/// A generated key with its stored revocation, and notes that it signed.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(arguments: &[&str]) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        pkgseal(["key", "generate", "--time", MADE, "--output"])
            .arg(bench.path("made"))
            .args(["--user-id", "TEST stored <stored@test.invalid>"])
            .args(arguments)
            .run()
            .expect(0);
        for kind in ["key", "cert", "rev"] {
            let file = find(&bench.path("made"), &format!(".{kind}.asc"));
            fs::rename(file, bench.path(&format!("test.{kind}.asc"))).unwrap();
        }
        fs::remove_dir(bench.path("made")).unwrap();
        fs::write(bench.path("notes"), "notes\n").unwrap();
        pkgseal(["sign", "--time", SIGNED, "--key"])
            .arg(bench.path("test.key.asc"))
            .arg(bench.path("notes"))
            .run()
            .expect(0);
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn revoke(&self, with: &Path) -> Call {
        pkgseal(["key", "revoke", "--time", APPLIED, "--with"]).arg(with)
    }

    fn verify(&self) -> i32 {
        pkgseal(["verify", "--time", keys::NOW, "--keyring"])
            .arg(self.path("test.cert.asc"))
            .arg(self.path("notes"))
            .run()
            .status
    }
}

fn binary(certificate: &Path) -> Vec<u8> {
    let (certificates, errors) = Certificate::parse_all(&fs::read(certificate).unwrap());
    assert!(errors.is_empty(), "{errors:?}");
    certificates[0].to_binary()
}

/// gpg, gpgv, sqv and sq say that it is revoked.
fn is_revoked(certificate: &Path, signature: &[u8]) {
    let keyring = binary(certificate);
    if let Some(home) = Home::new(&[]) {
        home.import(&fs::read(certificate).unwrap());
        let listed = run(home.command().args(["--with-colons", "-k"])).expect_ok();
        assert!(listed.says("pub:r:"), "{listed}");
    }
    if let Some(run) = gnupg::gpgv(&keyring, signature, Some(b"notes\n")) {
        assert!(run.says("REVKEYSIG"), "{run}");
    }
    if let Some(run) = sequoia::sqv(&keyring, signature, b"notes\n") {
        run.expect_failure();
    }
    if let Some(sq) = have("sq") {
        let inspected = sq.run([Path::new("inspect"), certificate]).expect_ok();
        assert!(inspected.says("Revoked"), "{inspected}");
    }
}

#[test]
fn the_revocation_that_came_with_a_key_is_applied_to_its_certificate_alone() {
    for arguments in [&[][..], &["--for", "maven", "--algorithm", "rsa3072"]] {
        let bench = Bench::new(arguments);
        assert_eq!(bench.verify(), 0);
        let secret = fs::read(bench.path("test.key.asc")).unwrap();
        let names = listing(bench.folder.path());
        let run = bench
            .revoke(&bench.path("test.rev.asc"))
            .arg(bench.path("test.cert.asc"))
            .run()
            .expect(0);
        for words in [
            "revoked the whole certificate (hard",
            "[key.hard-revocation]",
            "publish ",
        ] {
            assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
        }
        assert!(!run.stdout.contains("(secret)"), "{}", run.stdout);
        assert_eq!(listing(bench.folder.path()), names);
        assert_eq!(fs::read(bench.path("test.key.asc")).unwrap(), secret);
        assert_eq!(bench.verify(), 1);
        let signature = fs::read(bench.path("notes.asc")).unwrap();
        is_revoked(&bench.path("test.cert.asc"), &signature);

        let again = bench
            .revoke(&bench.path("test.rev.asc"))
            .arg(bench.path("test.cert.asc"))
            .run()
            .expect(2);
        assert!(again.stderr.contains("already"), "{}", again.stderr);
    }
}

/// To a key file with its certificate, without its passphrase; and into another directory.
#[test]
fn a_key_file_is_revoked_without_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let words = folder.path().join("words");
    fs::write(&words, "words\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&words, mode).unwrap();
    let words = words.display().to_string();
    let bench = Bench::new_protected(&words);
    let out = bench.path("out");
    let revoke = || {
        bench
            .revoke(&bench.path("test.rev.asc"))
            .arg(bench.path("test.key.asc"))
    };
    revoke().arg("--output").arg(&out).run().expect(0);
    assert_eq!(listing(&out), ["test.cert.asc", "test.key.asc"]);
    assert_eq!(bench.verify(), 0, "the input is as it was");
    // Named as it stands in the working directory.
    pkgseal(["key", "revoke", "--time", APPLIED])
        .args(["--with", "test.rev.asc", "test.key.asc"])
        .inside(bench.folder.path())
        .run()
        .expect(0);
    assert_eq!(bench.verify(), 1);
    let key = fs::read(bench.path("test.key.asc")).unwrap();
    let listed = pkgseal(["keyring", "list", "--json", "--time", APPLIED])
        .arg(bench.path("test.key.asc"))
        .run();
    assert!(listed.stdout.contains("revoked"), "{}", listed.stdout);
    assert!(key.starts_with(b"-----BEGIN PGP PRIVATE KEY BLOCK-----"));
}

impl Bench {
    /// A key with a passphrase, and no notes.
    fn new_protected(words: &str) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        pkgseal(["key", "generate", "--time", MADE, "--output"])
            .arg(bench.path("made"))
            .args(["--user-id", "TEST stored <stored@test.invalid>"])
            .args(["--passphrase-file", words])
            .run()
            .expect(0);
        for kind in ["key", "cert", "rev"] {
            let file = find(&bench.path("made"), &format!(".{kind}.asc"));
            fs::rename(file, bench.path(&format!("test.{kind}.asc"))).unwrap();
        }
        fs::write(bench.path("notes"), "notes\n").unwrap();
        pkgseal([
            "sign",
            "--time",
            SIGNED,
            "--passphrase-file",
            words,
            "--key",
        ])
        .arg(bench.path("test.key.asc"))
        .arg(bench.path("notes"))
        .run()
        .expect(0);
        bench
    }
}

/// What gpg stores beside each key it makes, with the colon before its armor; and what
/// `gpg --gen-revoke` writes.
#[test]
fn what_gpg_stored_is_applied() {
    let Some(home) = Home::new(&[]) else { return };
    let folder = tempfile::tempdir().unwrap();
    for algorithm in ["ed25519", "rsa3072"] {
        let user_id = format!("TEST {algorithm} <{algorithm}@test.invalid>");
        let mut generate = home.command();
        generate.args(["--quick-generate-key", &user_id, algorithm, "sign", "never"]);
        let made = run(&mut generate).expect_ok();
        let fingerprint = made
            .text
            .lines()
            .find_map(|line| line.split("KEY_CREATED P ").nth(1))
            .unwrap()
            .trim()
            .to_owned();
        let stored = home
            .path()
            .join("openpgp-revocs.d")
            .join(format!("{fingerprint}.rev"));
        let text = fs::read_to_string(&stored).unwrap();
        assert!(text.contains("\n:-----BEGIN PGP"), "{text}");

        let certificate = folder.path().join(format!("{algorithm}.gpg"));
        let mut export = home.command();
        export.arg("--output").arg(&certificate);
        run(export.args(["--export", &fingerprint])).expect_ok();
        fs::write(folder.path().join("notes"), "notes\n").unwrap();
        let signature = folder.path().join(format!("{algorithm}.sig"));
        let mut sign = home.command();
        sign.args(["--local-user", &fingerprint, "--output"])
            .arg(&signature)
            .arg("--detach-sign")
            .arg(folder.path().join("notes"));
        run(&mut sign).expect_ok();

        let before = fs::read(&certificate).unwrap();
        let call = || {
            pkgseal(["key", "revoke", "--with"])
                .arg(&stored)
                .arg(&certificate)
        };
        call().run().expect(0);
        assert_ne!(fs::read(&certificate).unwrap(), before);
        // In the form it had.
        assert_ne!(fs::read(&certificate).unwrap()[0], b'-');
        is_revoked(&certificate, &fs::read(&signature).unwrap());

        // With the colon taken away, as gpg wants it; and of gpg-agent's key.
        fs::write(&certificate, &before).unwrap();
        let plain = folder.path().join("plain.rev");
        fs::write(&plain, text.replace("\n:-----", "\n-----")).unwrap();
        pkgseal(["key", "revoke", "--with"])
            .arg(&plain)
            .arg(format!("gpg-agent:{fingerprint}"))
            .arg("--output")
            .arg(folder.path().join(algorithm))
            .env("GNUPGHOME", home.path())
            .run()
            .expect(0);
        let made = find(&folder.path().join(algorithm), ".cert.asc");
        is_revoked(&made, &fs::read(&signature).unwrap());
    }
}

#[test]
fn what_is_no_revocation_of_this_certificate_is_refused() {
    let bench = Bench::new(&[]);
    let other = Bench::new(&[]);
    let revocation = fs::read_to_string(bench.path("test.rev.asc")).unwrap();
    let put = |name: &str, content: &[u8]| {
        let path = bench.path(name);
        fs::write(&path, content).unwrap();
        path
    };
    // One base64 character in the middle of the signature.
    let damaged: String = {
        let at = revocation.len() - 120;
        let mut bytes = revocation.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let soft = load("good-ed25519");
    let files: Vec<(PathBuf, &str)> = vec![
        (other.path("test.rev.asc"), "of another certificate"),
        (
            load("revoked-hard").certificate_path(),
            "of another certificate",
        ),
        (bench.path("test.cert.asc"), "it is not revoked"),
        (soft.certificate_path(), "it is not revoked"),
        (
            bench.path("notes.asc"),
            "not a revocation: it has a signature",
        ),
        (bench.path("test.key.asc"), "a secret key"),
        (bench.path("notes"), "not a revocation"),
        (put("empty", b""), "not a revocation"),
        (
            put("cut", &revocation.as_bytes()[..revocation.len() - 90]),
            "",
        ),
        (put("damaged", damaged.as_bytes()), ""),
        (bench.path("nowhere"), "cannot read"),
    ];
    let before = fs::read(bench.path("test.cert.asc")).unwrap();
    let names = listing(bench.folder.path());
    for (file, words) in &files {
        let run = bench
            .revoke(file)
            .arg(bench.path("test.cert.asc"))
            .run()
            .expect(2);
        assert!(
            run.stderr.contains(words),
            "{}: {}",
            file.display(),
            run.stderr
        );
        assert_eq!(fs::read(bench.path("test.cert.asc")).unwrap(), before);
        assert_eq!(listing(bench.folder.path()), names);
    }

    // What it is applied to.
    let rev = bench.path("test.rev.asc");
    let both = [before, fs::read(other.path("test.cert.asc")).unwrap()].concat();
    let ring = put("ring.asc", &both);
    let open = bench.path("open.key.asc");
    fs::copy(bench.path("test.key.asc"), &open).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    fs::set_permissions(&open, mode).unwrap();
    for (target, words) in [
        (ring, "several certificates"),
        (open, "chmod 600"),
        (bench.path("notes"), "no certificate"),
        (bench.path("nowhere"), "cannot read"),
        (other.path("test.cert.asc"), "of another certificate"),
    ] {
        let old = fs::read(&target).ok();
        let run = bench.revoke(&rev).arg(&target).run().expect(2);
        assert!(
            run.stderr.contains(words),
            "{}: {}",
            target.display(),
            run.stderr
        );
        assert_eq!(fs::read(&target).ok(), old);
    }
    for more in [
        &["--reason", "retired"][..],
        &["--message", "lost"],
        &["--whole"],
    ] {
        let run = bench
            .revoke(&rev)
            .args(more)
            .arg(bench.path("test.cert.asc"))
            .run()
            .expect(2);
        assert!(run.stderr.contains("cannot be used with"), "{}", run.stderr);
    }
}

/// A certificate that was revoked elsewhere brings its revocation along, of a subkey too.
#[test]
fn a_revoked_copy_revokes_the_other_copy() {
    let folder = tempfile::tempdir().unwrap();
    let key = private_key(folder.path(), "good-ed25519.key.asc");
    let published = folder.path().join("published.asc");
    fs::write(&published, load("good-ed25519").certificate()).unwrap();
    let subkey = load("good-ed25519").signing_fingerprint();
    pkgseal(["key", "revoke", "--time", MADE, "--reason", "retired"])
        .args(["--subkey", &subkey])
        .arg(&key)
        .run()
        .expect(0);
    let copy = folder.path().join("good-ed25519.cert.asc");
    let apply = || {
        pkgseal(["key", "revoke", "--time", APPLIED, "--json", "--with"])
            .arg(&copy)
            .arg(&published)
            .run()
    };
    let run = apply().expect(0);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["changes"][0]["part"], "subkey", "{told}");
    assert_eq!(told["changes"][0]["name"], subkey, "{told}");
    assert_eq!(told["changes"][0]["hard"], false, "{told}");
    assert!(apply().expect(2).stderr.contains("already"));

    // Before its own time it is said that it may not count yet.
    fs::write(&published, load("good-ed25519").certificate()).unwrap();
    let run = pkgseal(["key", "revoke", "--time", "2025-02-01", "--with"])
        .arg(&copy)
        .arg(&published)
        .run()
        .expect(0);
    assert!(
        run.stdout.contains("[key.revocation-later]"),
        "{}",
        run.stdout
    );
}
