//! `pkgseal key doctor` and `pkgseal key prove`, and what gpg, Sequoia, apt, rpm and
//! debsig-verify make of certificates before and after.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::apt::Repository;
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::keys::{self, Back, Hash, Recast, Says};
use pkgseal_testkit::peers::apt::Which;
use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::{self, Run, rpm::Database};

use crate::run::{listing, pkgseal, private_key};

const WHO: &str = "pkgseal TEST doctor <doctor@test.invalid>";
/// When things are signed, before the certificate is mended.
const SIGNED: &str = "2026-01-15";
/// When it is mended: after every policy's cut-off.
const MENDED: &str = "2026-03-01";

fn says(hash: Hash) -> Says {
    Says::plain(hash, "2025-01-01")
}

fn uniform(key: &str, hash: Hash) -> Recast {
    keys::load(key)
        .recast()
        .user_id(WHO, &[says(hash)])
        .binding(says(hash), Back::By(hash))
}

/// A folder with a sick key, and what it signed in its time.
struct Ward {
    folder: tempfile::TempDir,
    cast: Recast,
}

impl Ward {
    fn new(cast: Recast) -> Self {
        let ward = Self {
            folder: tempfile::tempdir().unwrap(),
            cast,
        };
        ward.put("sick.key.asc", &ward.cast.secret());
        ward.put("published.asc", &ward.cast.certificate());
        ward
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Signed by the same secret key, whose certificate is whole in the test keys.
    fn sign(&self, key: &str, paths: &[&Path]) {
        let key = private_key(self.folder.path(), &format!("{key}.key.asc"));
        pkgseal(["sign", "--time", SIGNED, "--key"])
            .arg(key)
            .args(paths)
            .run()
            .expect(0);
    }

    fn everything_signed(&self, key: &str) -> PathBuf {
        let root = self.path("signed");
        let debs = vec![("main", Deb::new("hello", "1.0", "amd64"))];
        Repository::new("stable", debs).write(&root.join("apt"));
        self.put(
            "signed/hello.deb",
            &Deb::new("hello", "1.0", "amd64").build(),
        );
        self.put(
            "signed/hello.rpm",
            &Rpm::new("hello", "1.0", "x86_64", Format::V4).build(),
        );
        self.put("signed/notes.txt", b"notes\n");
        let paths = ["apt", "hello.deb", "hello.rpm", "notes.txt"].map(|name| root.join(name));
        self.sign(key, &paths.each_ref().map(PathBuf::as_path));
        root
    }

    fn doctor(&self, more: &[&str]) -> crate::run::Call {
        pkgseal(["key", "doctor", "--time", MENDED])
            .args(more)
            .arg(self.path("sick.key.asc"))
    }

    /// Mends it, and gives the certificate to publish.
    fn mended(&self) -> Vec<u8> {
        self.doctor(&["--fix"]).run().expect(0);
        fs::read(self.path("sick.cert.asc")).unwrap()
    }

    fn prove(&self, new: &str, paths: &[&Path]) -> crate::run::Call {
        pkgseal(["key", "prove", "--time", MENDED])
            .arg(self.path("published.asc"))
            .arg(self.path(new))
            .args(paths)
    }
}

fn binary(armored: &[u8]) -> Vec<u8> {
    let (certificates, errors) = pkgseal_openpgp::Certificate::parse_all(armored);
    assert!(errors.is_empty(), "{errors:?}");
    certificates
        .iter()
        .flat_map(|one| one.to_binary())
        .collect()
}

/// Who is asked about detached signatures, and the answer.
fn detached(certificate: &[u8], root: &Path) -> Vec<(&'static str, Run)> {
    let data = fs::read(root.join("notes.txt")).unwrap();
    let signature = fs::read(root.join("notes.txt.asc")).unwrap();
    let keyring = binary(certificate);
    let mut said = Vec::new();
    let mut add = |who, run: Option<Run>| said.extend(run.map(|run| (who, run)));
    add(
        "gpgv",
        peers::gnupg::gpgv(&keyring, &signature, Some(&data)),
    );
    if let Some(home) = peers::gnupg::Home::new(&[]) {
        home.import(certificate);
        add("gpg", Some(home.verify(&signature, Some(&data))));
    }
    add("sqv 1.1", peers::sequoia::sqv(&keyring, &signature, &data));
    if let Some(sq) = peers::have("sq") {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, bytes).unwrap();
            path
        };
        let mut command = sq.command();
        command
            .args(["verify", "--signer-cert"])
            .arg(put("cert", certificate))
            .arg("--detached")
            .arg(put("sig", &signature))
            .arg(put("data", &data));
        add("sq 0.27", Some(peers::run(&mut command)));
    }
    if let Some(room) = Room::new() {
        let cert = room.put("cert.pgp", &keyring);
        let sig = room.put("data.sig", &signature);
        let file = room.put("data", &data);
        let run = room.run("sqv", [Path::new("--keyring"), &cert, &sig, &file]);
        add("sqv 1.3", Some(run));
        if room.has("sq") {
            let run = room.run(
                "sq",
                [
                    Path::new("verify"),
                    Path::new("--signer-file"),
                    &cert,
                    Path::new("--signature-file"),
                    &sig,
                    &file,
                ],
            );
            add("sq of Debian 13", Some(run));
        }
    }
    said
}

/// rpm 4.18 and 4.20: whether both import and checking succeed.
fn rpms(certificate: &[u8], package: &Path) -> Vec<(&'static str, bool, String)> {
    let mut said = Vec::new();
    if let Some(database) = Database::new(&[]) {
        let imported = database.import(certificate);
        let checked = database.check(package);
        let text = format!("{imported}\n{checked}");
        said.push(("rpm 4.18", imported.accepted() && checked.accepted(), text));
    }
    if let Some(room) = Room::new() {
        let key = room.put("key.asc", certificate);
        let package = room.put("hello.rpm", fs::read(package).unwrap());
        let database = room.inside().join("db");
        let rpmkeys = |arguments: &[&Path]| {
            let mut command = vec!["--dbpath".into(), database.clone().into_os_string()];
            command.extend(arguments.iter().map(|a| a.as_os_str().to_owned()));
            room.run("rpmkeys", command)
        };
        let imported = rpmkeys(&[Path::new("--import"), &key]);
        let level = Path::new("--define=_pkgverify_level all");
        let checked = rpmkeys(&[level, Path::new("-Kv"), &package]);
        let text = format!("{imported}\n{checked}");
        said.push(("rpm 4.20", imported.accepted() && checked.accepted(), text));
    }
    said
}

/// What SHA-1 breaks today and what not, and that nothing is broken once it is mended:
/// everything was signed before that.
#[test]
fn every_peer_takes_what_was_signed_before_the_mend() {
    for key in ["good-ed25519", "good-rsa4096"] {
        let ward = Ward::new(uniform(key, Hash::Sha1));
        let root = ward.everything_signed(key);
        let sick = ward.cast.certificate();

        // Sequoia counts no SHA-1 self-signature since 2023, apt with sqv since 2026.
        for (who, run) in detached(&sick, &root) {
            assert_eq!(run.accepted(), who.starts_with("gpg"), "{who}: {run}");
        }
        let apt = |which, certificate: &[u8]| {
            peers::apt::update_by(
                which,
                &root.join("apt"),
                "stable",
                "main",
                &binary(certificate),
            )
        };
        if let Some(run) = apt(Which::Installed, &sick) {
            run.expect_ok();
        }
        if let Some(run) = apt(Which::Trixie, &sick) {
            let run = run.expect_failure();
            assert!(run.says("SHA1"), "{run}");
        }
        for (who, accepted, text) in rpms(&sick, &root.join("hello.rpm")) {
            assert_eq!(accepted, who == "rpm 4.18", "{who}: {text}");
        }

        let mended = ward.mended();
        for (who, run) in detached(&mended, &root) {
            assert!(run.accepted(), "{who}: {run}");
        }
        for which in [Which::Installed, Which::Trixie] {
            if let Some(run) = apt(which, &mended) {
                let run = run.expect_ok();
                assert!(!run.says("olicy will reject"), "{run}");
            }
        }
        for (who, accepted, text) in rpms(&mended, &root.join("hello.rpm")) {
            assert!(accepted, "{who}: {text}");
        }

        // And all of it is known beforehand.
        let run = ward.prove("sick.cert.asc", &[&root]).run().expect(0);
        for words in [
            "proven",
            "strict: 0 verify with both, 0 are lost, 5 gained",
            "bookworm: 5 verify with both, 0 are lost, 0 gained",
            "trixie: 0 verify with both, 0 are lost, 5 gained",
            "rpm-4.18: 5 verify with both, 0 are lost",
            "trixie counts what the new one signs, and not what the old one does",
        ] {
            assert!(run.stdout.contains(words), "{words}:\n{}", run.stdout);
        }
    }
}

/// debsig-verify of Debian 12 knows primary keys only.
#[test]
fn debsig_verify_takes_a_mended_certificate() {
    let cast = keys::load("primary-signs")
        .recast()
        .user_id(WHO, &[says(Hash::Sha1)]);
    let ward = Ward::new(cast);
    let deb = ward.put("hello.deb", &Deb::new("hello", "1.0", "amd64").build());
    ward.sign("primary-signs", &[&deb]);
    let fingerprint = [ward.cast.fingerprint()];
    let ask = |certificate: &[u8]| {
        let keyring = binary(certificate);
        peers::deb::debsig_verify_by(&deb, &["origin"], &keyring, &fingerprint)
    };
    // It has gpg refuse SHA-1, in self-signatures too.
    if let Some(run) = ask(&ward.cast.certificate()) {
        assert!(run.expect_failure().says("Bad public key"));
    }
    if let Some(run) = ask(&ward.mended()) {
        run.expect_ok();
    }
    let run = ward.prove("sick.cert.asc", &[&deb]).run().expect(0);
    assert!(
        run.stdout
            .contains("strict: 0 verify with both, 0 are lost, 1 gained")
    );
}

/// Every way to be broken that gpg or Sequoia notice, and the mend of it.
#[test]
fn each_break_is_mended_for_gpg_and_sequoia() {
    let strong = says(Hash::Sha512);
    let weak = says(Hash::Sha1);
    let good = || keys::load("good").recast();
    for (what, cast) in [
        (
            "the user ID",
            good()
                .user_id(WHO, &[weak])
                .binding(strong, Back::By(Hash::Sha512)),
        ),
        (
            "the binding",
            good()
                .user_id(WHO, &[strong])
                .binding(weak, Back::By(Hash::Sha512)),
        ),
        (
            "the back-signature",
            good()
                .user_id(WHO, &[strong])
                .binding(strong, Back::By(Hash::Sha1)),
        ),
        (
            "no back-signature",
            good()
                .user_id(WHO, &[strong])
                .binding(strong, Back::Missing),
        ),
        (
            "the half fix",
            good()
                .user_id(WHO, &[weak, Says::plain(Hash::Sha512, "2026-01-01")])
                .binding(weak, Back::By(Hash::Sha1)),
        ),
    ] {
        let ward = Ward::new(cast);
        let root = ward.path("signed");
        let notes = ward.put("signed/notes.txt", b"notes\n");
        ward.sign("good-ed25519", &[&notes]);
        let rejected = detached(&ward.cast.certificate(), &root)
            .iter()
            .filter(|(_, run)| !run.accepted())
            .count();
        let asked = detached(&ward.cast.certificate(), &root).len();
        assert!(rejected > 0 || asked == 0, "{what}: nobody minded");
        for (who, run) in detached(&ward.mended(), &root) {
            assert!(run.accepted(), "{what}: {who}: {run}");
        }
    }
}

#[test]
fn a_diagnosis_names_whom_it_breaks_and_since_when() {
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    let run = pkgseal(["key", "doctor", "--time", MENDED])
        .arg(ward.path("published.asc"))
        .run()
        .expect(1);
    for words in [
        "ailing",
        "[doctor.weak-self-signature]",
        "[doctor.weak-binding]",
        "[doctor.weak-back-signature]",
        "trixie since 2026-02-01",
        "dnf-fedora, sequoia",
        "pkgseal key doctor --fix KEYFILE",
    ] {
        assert!(run.stdout.contains(words), "{words}:\n{}", run.stdout);
    }
    assert!(!run.stdout.contains("bookworm since"), "{}", run.stdout);

    // A year before, apt was not bitten yet, and the day is known.
    let run = pkgseal(["key", "doctor", "--time", "2025-06-01", "--json"])
        .arg(ward.path("published.asc"))
        .run()
        .expect(1);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["objects"][0]["kind"], "certificate");
    let findings = document["objects"][0]["findings"].as_array().unwrap();
    let cause = findings
        .iter()
        .find(|finding| finding["code"] == "doctor.weak-self-signature")
        .and_then(|finding| finding["cause"].as_str())
        .unwrap();
    assert!(cause.contains("trixie since 2026-02-01"), "{cause}");

    ward.mended();
    let run = pkgseal(["key", "doctor", "--time", MENDED])
        .arg(ward.path("sick.cert.asc"))
        .run()
        .expect(0);
    assert!(run.stdout.starts_with("sound "), "{}", run.stdout);

    // The published copy is the one that clients have.
    let run = pkgseal(["key", "doctor", "--time", MENDED, "--certificate"])
        .arg(ward.path("published.asc"))
        .arg(ward.path("sick.cert.asc"))
        .run()
        .expect(1);
    assert!(
        run.stdout.contains("[doctor.unpublished]"),
        "{}",
        run.stdout
    );
}

#[test]
fn half_a_mend_needs_to_be_asked_for() {
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1).without_subkey_secret());
    let before = fs::read(ward.path("sick.key.asc")).unwrap();
    let names = listing(ward.folder.path());
    let run = ward.doctor(&["--fix"]).run().expect(2);
    assert!(run.stderr.contains("mended by half"), "{}", run.stderr);
    assert!(run.stderr.contains(&ward.cast.signing_fingerprint()));
    assert_eq!(fs::read(ward.path("sick.key.asc")).unwrap(), before);
    assert_eq!(listing(ward.folder.path()), names);

    let run = ward.doctor(&["--fix", "--partial"]).run().expect(1);
    for words in [
        "left: subkey",
        "[doctor.half-mended]",
        "signed-anew: user ID",
    ] {
        assert!(run.stdout.contains(words), "{words}:\n{}", run.stdout);
    }
    let text = String::from_utf8(fs::read(ward.path("sick.cert.asc")).unwrap()).unwrap();
    assert!(text.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----"));
}

#[test]
fn what_cannot_be_mended_changes_nothing() {
    let refuse = |ward: &Ward, words: &str| {
        let names = listing(ward.folder.path());
        let before = fs::read(ward.path("sick.key.asc")).unwrap();
        let run = ward.doctor(&["--fix"]).run().expect(2);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert_eq!(fs::read(ward.path("sick.key.asc")).unwrap(), before);
        assert_eq!(listing(ward.folder.path()), names);
    };
    let sha1 = || uniform("good-ed25519", Hash::Sha1);
    refuse(&Ward::new(sha1().without_primary_secret()), "primary key");
    refuse(
        &Ward::new(sha1().revoked(Hash::Sha512, "2025-07-01")),
        "revoked",
    );
    // The certificate alone: the holder has to be asked.
    let ward = Ward::new(sha1());
    ward.put("sick.key.asc", &ward.cast.certificate());
    refuse(&ward, "only its public part is here");
    let run = ward.doctor(&["--fix"]).run().expect(2);
    assert!(run.stderr.contains("--request"), "{}", run.stderr);
    // Somebody else's certificate.
    let ward = Ward::new(sha1());
    let stranger = keys::load("stranger").certificate_path();
    let run = ward.doctor(&["--fix", "--certificate"]).run().expect(2);
    assert!(run.stderr.contains("PATH"), "{}", run.stderr);
    let run = pkgseal(["key", "doctor", "--fix", "--certificate"])
        .arg(stranger)
        .arg(ward.path("sick.key.asc"))
        .run()
        .expect(2);
    assert!(
        run.stderr.contains("is not that of this key"),
        "{}",
        run.stderr
    );
    // Two keys at once, a key that others may read, nothing at all.
    ward.doctor(&["--fix"])
        .arg(ward.path("published.asc"))
        .run()
        .expect(2);
    fs::set_permissions(ward.path("sick.key.asc"), fs::Permissions::from_mode(0o644)).unwrap();
    refuse(&ward, "chmod 600");
    pkgseal(["key", "doctor"])
        .arg(ward.path("none"))
        .run()
        .expect(2);
}

#[test]
fn the_holder_is_asked_for_exactly_what_is_missing() {
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    let letter = ward.path("request.txt");
    pkgseal(["key", "doctor", "--time", MENDED, "--request"])
        .arg(&letter)
        .arg(ward.path("published.asc"))
        .run()
        .expect(1);
    let text = fs::read_to_string(&letter).unwrap();
    assert!(text.contains(&ward.cast.fingerprint()));
    assert!(text.contains("pkgseal key prove published.asc ANSWER DIR"));
    let document = fs::read_to_string(ward.path("request.txt.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let request = &document["requests"][0];
    assert_eq!(request["certificate"], ward.cast.fingerprint());
    assert_eq!(request["wanted"].as_array().unwrap().len(), 3);

    // Nothing is asked of whoever mended already.
    ward.mended();
    let run = pkgseal(["key", "doctor", "--time", MENDED, "--request", "-"])
        .arg(ward.path("sick.cert.asc"))
        .run()
        .expect(0);
    assert!(run.stdout.contains("nothing to ask for"));
}

#[test]
fn a_user_id_cannot_write_on_the_terminal() {
    let cast = keys::load("good")
        .recast()
        .user_id("evil\u{1b}[2J\nExit status: 0", &[says(Hash::Sha1)])
        .binding(says(Hash::Sha1), Back::By(Hash::Sha1));
    let ward = Ward::new(cast);
    for more in [&[][..], &["--request", "-"]] {
        let run = pkgseal(["key", "doctor", "--time", MENDED])
            .args(more)
            .arg(ward.path("published.asc"))
            .run()
            .expect(1);
        assert!(!run.stdout.contains('\u{1b}'), "{}", run.stdout);
    }
}

#[test]
fn no_proof_for_a_certificate_that_loses_signatures() {
    let whole = uniform("good-ed25519", Hash::Sha512);
    let ward = Ward::new(whole);
    let root = ward.everything_signed("good-ed25519");
    let lossy = |name: &str, cast: &Recast| ward.put(name, &cast.certificate());
    lossy(
        "other-subkey.asc",
        &keys::load("good")
            .recast()
            .user_id(WHO, &[says(Hash::Sha512)])
            .with_new_subkey()
            .binding(says(Hash::Sha512), Back::Missing),
    );
    lossy(
        "revoked.asc",
        &uniform("good-ed25519", Hash::Sha512).revoked(Hash::Sha512, "2025-06-01"),
    );
    lossy(
        "late.asc",
        &keys::load("good")
            .recast()
            .user_id(WHO, &[says(Hash::Sha512)])
            .binding(
                Says {
                    expires: Some("2025-06-01"),
                    ..says(Hash::Sha512)
                },
                Back::By(Hash::Sha512),
            ),
    );
    ward.put("stranger.asc", keys::load("stranger").certificate());
    for (new, codes) in [
        (
            "other-subkey.asc",
            &["prove.part-lost", "prove.signature-lost"][..],
        ),
        (
            "revoked.asc",
            &["prove.signature-lost", "prove.consumer-lost"],
        ),
        ("late.asc", &["prove.signature-lost"]),
        (
            "stranger.asc",
            &["prove.certificate-lost", "prove.signature-lost"],
        ),
    ] {
        let run = ward.prove(new, &[&root]).run().expect(1);
        assert!(run.stdout.starts_with("not proven"), "{}", run.stdout);
        for code in codes {
            assert!(run.stdout.contains(code), "{new}: {code}\n{}", run.stdout);
        }
        for file in ["InRelease", "hello.rpm", "hello.deb", "notes.txt.asc"] {
            assert!(run.stdout.contains(file), "{new}: {file}\n{}", run.stdout);
        }
    }
    // The same certificate serves as well as itself.
    let run = ward.prove("published.asc", &[&root]).run().expect(0);
    assert!(
        run.stdout
            .contains("strict: 5 verify with both, 0 are lost")
    );
    let run = ward
        .prove("published.asc", &[&root])
        .arg("--json")
        .run()
        .expect(0);
    let document: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(document["outcome"], "accepted");

    // Nothing signed proves nothing, and neither does what another key signed.
    let empty = ward.path("empty");
    fs::create_dir(&empty).unwrap();
    let run = ward.prove("published.asc", &[&empty]).run().expect(2);
    assert!(run.stdout.contains("[prove.nothing]"), "{}", run.stdout);
    let other = ward.put("other/notes.txt", b"notes\n");
    ward.sign("good-ed25519-2", &[&other]);
    ward.prove("published.asc", &[&ward.path("other")])
        .run()
        .expect(2);
    ward.prove("published.asc", &[&ward.path("nowhere")])
        .run()
        .expect(2);
    ward.prove("nowhere.asc", &[&root]).run().expect(2);
}

/// A run that is killed before any of its changes leaves key and certificate as they were,
/// or, once the journal stands, both new after the next run.
#[test]
fn a_killed_mend_leaves_both_files_or_neither() {
    let Some(strace) = peers::strace::strace() else {
        return;
    };
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    ward.put("sick.cert.asc", &ward.cast.certificate());
    let old = (
        fs::read(ward.path("sick.key.asc")).unwrap(),
        fs::read(ward.path("sick.cert.asc")).unwrap(),
    );
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_pkgseal"));
    program
        .args(["key", "doctor", "--fix", "--time", MENDED])
        .arg(ward.path("sick.key.asc"));
    let put_back = || {
        for entry in fs::read_dir(ward.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_string_lossy().starts_with('.') {
                fs::remove_file(path).unwrap();
            }
        }
        ward.put("sick.key.asc", &old.0);
        ward.put("sick.cert.asc", &old.1);
    };
    let mut tried = 0;
    for (call, what) in [
        ("linkat", "signal=KILL"),
        ("renameat", "signal=KILL"),
        ("rename", "signal=KILL"),
        ("renameat2", "signal=KILL"),
        ("fsync", "signal=KILL"),
        ("write", "error=ENOSPC"),
        ("fsync", "error=ENOSPC"),
    ] {
        for number in 1..=12 {
            put_back();
            let went = peers::strace::inject(&strace, &program, call, what, number, log.path());
            if went == peers::strace::Went::Through {
                break;
            }
            tried += 1;
            // What stands is one of the two, never a piece.
            let keyed = fs::read(ward.path("sick.key.asc")).unwrap();
            let public = fs::read(ward.path("sick.cert.asc")).unwrap();
            for bytes in [&keyed, &public] {
                let (certificates, errors) = pkgseal_openpgp::Certificate::parse_all(bytes);
                assert!(
                    errors.is_empty() && certificates.len() == 1,
                    "{call} {number}"
                );
            }
            // The next run completes or begins anew; either way both are mended then.
            ward.doctor(&["--fix"]).run().expect(0);
            let run = pkgseal(["key", "doctor", "--time", MENDED])
                .arg(ward.path("sick.cert.asc"))
                .arg(ward.path("sick.key.asc"))
                .run()
                .expect(0);
            assert_eq!(run.stdout.matches("sound ").count(), 2, "{}", run.stdout);
        }
    }
    assert!(tried > 5, "{tried} faults injected");
}

/// gpg with the sick secret key, asked to do `commands` (arguments, and what it is told at
/// its prompt) in 2026, and the certificate it exports then.
fn by_gpg(ward: &Ward, commands: &[(&[&str], &str)]) -> Option<Vec<u8>> {
    use std::io::Write as _;
    let home = peers::gnupg::Home::new(&[])?;
    home.import(&ward.cast.secret());
    for (arguments, told) in commands {
        let mut command = home.command();
        command
            .args(["--faked-system-time", "20260301T000000"])
            .args(["--cert-digest-algo", "SHA512", "--command-fd", "0"])
            .args(*arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(told.as_bytes())
            .unwrap();
        assert!(child.wait().unwrap().success(), "{arguments:?}");
    }
    let export = peers::run(home.command().arg("--export").arg(ward.cast.fingerprint()));
    // Its status lines come on standard output, before the packets.
    let at = export.stdout.iter().position(|byte| byte & 0x80 != 0)?;
    Some(export.stdout[at..].to_vec())
}

fn diagnosed(ward: &Ward, certificate: &[u8]) -> String {
    let path = ward.put("answer.gpg", certificate);
    pkgseal(["key", "doctor", "--time", "2026-03-02"])
        .arg(path)
        .run()
        .stdout
}

/// What the request says of gpg is what gpg does: it renews self-signatures and bindings as
/// it sets an expiry, makes a back-signature that is missing, and never renews a weak one.
#[test]
fn gpg_mends_what_the_request_proposes_it_for() {
    let good = || keys::load("good").recast();
    let strong = says(Hash::Sha512);
    let weak = says(Hash::Sha1);
    let proposes = |ward: &Ward| {
        let run = pkgseal(["key", "doctor", "--time", MENDED, "--request", "-"])
            .arg(ward.path("published.asc"))
            .run()
            .expect(1);
        run.stdout
            .lines()
            .any(|line| line.contains("gpg --cert-digest-algo"))
    };

    let ward = Ward::new(
        good()
            .user_id(WHO, &[weak])
            .binding(weak, Back::By(Hash::Sha512)),
    );
    assert!(proposes(&ward));
    let fingerprint = ward.cast.fingerprint();
    let renew: &[(&[&str], &str)] = &[
        (&["--quick-set-expire", &fingerprint, "2y"], ""),
        (&["--quick-set-expire", &fingerprint, "2y", "*"], ""),
    ];
    let Some(answer) = by_gpg(&ward, renew) else {
        return;
    };
    let said = diagnosed(&ward, &answer);
    assert!(said.starts_with("sound "), "{said}");
    // It takes the old self-signatures out, which the proof tells.
    let run = ward
        .prove("answer.gpg", &[ward.folder.path()])
        .run()
        .expect(2);
    assert!(
        run.stdout.contains("[prove.self-signature-lost]"),
        "{}",
        run.stdout
    );

    let ward = Ward::new(
        good()
            .user_id(WHO, &[strong])
            .binding(strong, Back::Missing),
    );
    assert!(proposes(&ward));
    let answer = by_gpg(
        &ward,
        &[(&["--edit-key", &fingerprint], "cross-certify\nsave\n")],
    )
    .unwrap();
    let said = diagnosed(&ward, &answer);
    assert!(said.starts_with("sound "), "{said}");

    let ward = Ward::new(
        good()
            .user_id(WHO, &[weak])
            .binding(weak, Back::By(Hash::Sha1)),
    );
    assert!(!proposes(&ward));
    let answer = by_gpg(&ward, renew).unwrap();
    let said = diagnosed(&ward, &answer);
    assert!(said.contains("[doctor.weak-back-signature]"), "{said}");
    assert!(said.contains("[doctor.half-mended]"), "{said}");
}

/// What the request says of sq is what sq does.
#[test]
fn sq_mends_what_the_request_proposes_it_for() {
    let Some(room) = Room::new().filter(|room| room.has("sq")) else {
        println!("SKIP: no sq in Debian 13's chroot");
        return;
    };
    let ward = Ward::new(uniform("good-ed25519", Hash::Sha1));
    let fingerprint = ward.cast.fingerprint();
    let home = room.inside().join("sq-home");
    let key = room.put("sick.key", ward.cast.secret());
    let sq = |arguments: &[&str]| {
        let mut command = room.command("sq");
        command
            .arg("--home")
            .arg(&home)
            .arg("--batch")
            .args(arguments);
        peers::run(&mut command)
    };
    sq(&["key", "import", &key.display().to_string()]).expect_ok();
    sq(&["cert", "lint", "--fix", "--cert", &fingerprint]);
    let export = sq(&["cert", "export", "--cert", &fingerprint]).expect_ok();
    let path = ward.put("answer.asc", &export.stdout);
    let run = pkgseal(["key", "doctor", "--time", "2039-01-01"])
        .arg(path)
        .run();
    assert!(
        !run.stdout.contains("[doctor.weak-binding]"),
        "{}",
        run.stdout
    );
    assert!(
        !run.stdout.contains("[doctor.weak-back-signature]"),
        "{}",
        run.stdout
    );
}
