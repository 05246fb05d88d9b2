//! New subkeys of keys that are no files, and primary keys and subkeys in different places.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use pkgseal_testkit::keys::{self, Back, Hash, Says, load};
use pkgseal_testkit::peers::gnupg::Home;
use pkgseal_testkit::peers::softhsm::{Beside, SoftHsm};
use pkgseal_testkit::peers::{gnupg, run, sequoia};

use super::{Bench, EXTENDED, FAR, KEPT, secret};
use crate::run::{find, listing, pkgseal};

#[test]
fn a_new_subkey_has_a_file_of_its_own_and_signs_for_everybody() {
    for (kind, name) in KEPT {
        let Some(bench) = Bench::new(kind, name) else {
            continue;
        };
        let folder = tempfile::tempdir().unwrap();
        let words = secret(folder.path(), "words", keys::PASSPHRASE);
        let run = bench
            .change(&["subkey", "add", "--expires", FAR], EXTENDED)
            .arg("--new-passphrase-file")
            .arg(&words)
            .run()
            .expect(0);
        for words in ["new signing subkey ", "[key.subkey-apart]", "(secret)"] {
            assert!(run.stdout.contains(words), "{}", run.stdout);
        }
        let file = find(bench.folder.path(), ".key.asc");
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{kind} {name}");
        let subkey = file.file_name().unwrap().to_str().unwrap();
        let subkey = subkey.strip_suffix(".key.asc").unwrap().to_owned();
        assert_ne!(subkey, bench.key.fingerprint());
        assert_eq!(listing(bench.folder.path()).len(), 4, "{kind} {name}");

        // The file is protected, and signs with the new subkey.
        let sign = |words: &Path| {
            pkgseal(["sign", "--time", keys::NOW, "--key"])
                .arg(&file)
                .arg("--passphrase-file")
                .arg(words)
                .arg(bench.path("notes"))
                .run()
        };
        let failed = sign(&secret(folder.path(), "wrong", "wrong")).expect(2);
        let wrong = failed.stderr.contains("passphrase is wrong");
        assert!(wrong, "{}", failed.stderr);
        sign(&words).expect(0);
        bench.peers(true);
        let shown = pkgseal(["inspect", "--json", "--keyring"])
            .arg(bench.certificate())
            .arg(bench.path("notes"))
            .run();
        assert!(shown.stdout.contains(&subkey), "{}", shown.stdout);
        by_gpg(&bench, &file, &subkey);
    }
}

/// gpg takes the file into its agent, and signs with it.
fn by_gpg(bench: &Bench, file: &Path, subkey: &str) {
    let Some(home) = Home::new(&[]) else { return };
    home.import(&fs::read(bench.certificate()).unwrap());
    home.import(&fs::read(file).unwrap());
    let signature = bench.path("by-gpg.sig");
    let mut command = home.command();
    command.args(["--detach-sign", "--local-user", &format!("{subkey}!")]);
    command.arg("--output").arg(&signature);
    run(command.arg(bench.path("notes"))).expect_ok();
    let signature = fs::read(signature).unwrap();
    if let Some(run) = gnupg::gpgv(&bench.binary(), &signature, Some(b"notes\n")) {
        assert!(run.says("GOODSIG") && run.says(subkey), "{run}");
    }
}

#[test]
fn a_subkey_of_the_agents_is_replaced_retired_and_revoked() {
    let Some(bench) = Bench::new("agent", "good-rsa4096") else {
        return;
    };
    let old = bench.key.signing_fingerprint();
    let told = bench.told(&["subkey", "replace", "--retire", "90d"], EXTENDED);
    assert_eq!(told["changes"][0]["change"], "added", "{told}");
    assert_eq!(told["changes"][0]["algorithm"], "RSA4096", "{told}");
    assert_eq!(told["changes"][1]["key"], old);
    assert_eq!(told["outputs"].as_array().unwrap().len(), 2);
    assert_eq!(bench.verify("notes", keys::NOW), 0);
    let replace = ["subkey", "replace", "--revoke", "--subkey", &old];
    let told = bench.told(&replace, "2025-04-01");
    assert_eq!(told["changes"][1]["part"], "subkey", "{told}");
    let signature = fs::read(bench.path("notes.asc")).unwrap();
    if let Some(run) = sequoia::sqv(&bench.binary(), &signature, b"notes\n") {
        run.expect_ok();
    }
}

#[test]
fn the_new_passphrase_is_for_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let words = secret(folder.path(), "words", "words");
    let key = load("good-ed25519");
    let key = secret(folder.path(), "test.key.asc", key.secret());
    let run = pkgseal(["key", "subkey", "add", "--time", EXTENDED])
        .arg("--new-passphrase-file")
        .arg(&words)
        .arg(&key)
        .run()
        .expect(2);
    let said = run.stderr.contains("protected as its primary key is");
    assert!(said, "{}", run.stderr);
}

/// The primary key offline in a file, or with an agent; the subkey on a token. Mending a
/// weak back-signature takes both.
#[test]
fn primary_key_and_subkey_in_different_places_mend_together() {
    let key = load("good-rsa2048");
    let says = Says::plain(Hash::Sha256, "2025-01-01");
    let cast = key
        .recast()
        .user_id("pkgseal TEST apart <apart@test.invalid>", &[says])
        .binding(says, Back::By(Hash::Sha1))
        .without_subkey_secret();
    let Some(hsm) = SoftHsm::new() else { return };
    hsm.import(&key, "release", "a1", Beside::Public);
    let uri = format!(
        "pkcs11:object=release?pin-source=file:{}",
        hsm.pin_file().display()
    );
    let Some(home) = Home::new(&[]) else { return };
    home.import(&cast.secret());

    for kept in ["file", "agent"] {
        let folder = tempfile::tempdir().unwrap();
        let published = secret(folder.path(), "offline.cert.asc", cast.certificate());
        let name = match kept {
            "file" => secret(folder.path(), "offline.key.asc", cast.secret())
                .display()
                .to_string(),
            _ => format!("gpg-agent:{}", key.fingerprint()),
        };
        let fix = || {
            pkgseal(["key", "doctor", "--fix", "--time", "2026-03-01"])
                .env("GNUPGHOME", home.path())
                .env("SOFTHSM2_CONF", hsm.settings())
                .env("PKGSEAL_PKCS11_MODULE", hsm.module())
                .arg(&name)
                .arg("--certificate")
                .arg(&published)
        };
        let before = fs::read(&published).unwrap();
        let half = fix().run().expect(2);
        assert!(half.stderr.contains("mended by half"), "{}", half.stderr);
        let wrong = fix()
            .arg("--key")
            .arg("pkcs11:object=release?pin-source=file:/nonexistent")
            .run()
            .expect(2);
        assert!(wrong.stderr.contains("/nonexistent"), "{}", wrong.stderr);
        assert_eq!(fs::read(&published).unwrap(), before);

        let run = fix().arg("--key").arg(&uri).run();
        assert_eq!(run.status, 0, "{kept}: {}{}", run.stdout, run.stderr);
        pkgseal(["key", "doctor", "--time", "2026-03-02"])
            .arg(&published)
            .run()
            .expect(0);
    }
}
