//! What gpg, Sequoia, apt, rpm and debsig-verify make of certificates before and after.

use std::fs;
use std::path::Path;

use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::keys::{self, Back, Hash, Says};
use pkgseal_testkit::peers::apt::Which;
use pkgseal_testkit::peers::trixie::Room;
use pkgseal_testkit::peers::{self, Run, rpm::Database};

use super::ward::{WHO, Ward, says, uniform};

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
            run.prints(words);
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
    run.prints("strict: 0 verify with both, 0 are lost, 1 gained");
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
