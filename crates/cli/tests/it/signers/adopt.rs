//! `pkgseal key adopt`: keys that were made on a token.

use std::fs;
use std::path::Path;

use pkgseal_testkit::build::put;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::gnupg::Home;
use pkgseal_testkit::peers::softhsm::{SoftHsm, TOKEN};
use pkgseal_testkit::peers::{have, run};

use crate::run::{Call, find, listing, pkgseal};

/// A token with a key of its own making.
fn token(kind: &str) -> Option<SoftHsm> {
    let hsm = SoftHsm::new()?;
    make(&hsm, kind, "01")?;
    Some(hsm)
}

fn make(hsm: &SoftHsm, kind: &str, id: &str) -> Option<()> {
    let mut tool = hsm.tool()?;
    let make = ["--keypairgen", "--usage-sign", "--key-type", kind];
    run(tool.args(make).args(["--label", "born", "--id", id])).expect_ok();
    Some(())
}

fn with_token(call: Call, hsm: &SoftHsm, uri: &str) -> Call {
    call.arg("--key")
        .arg(format!("pkcs11:{uri}"))
        .env("SOFTHSM2_CONF", hsm.settings())
        .env("PKGSEAL_PKCS11_MODULE", hsm.module())
        .arg("--passphrase-file")
        .arg(hsm.pin_file())
}

fn adopt(hsm: &SoftHsm, uri: &str, to: &Path) -> Call {
    let user_id = "TEST born <born@test.invalid>";
    let call = pkgseal(["key", "adopt", "--time", "2025-01-01", "--user-id", user_id]);
    with_token(call, hsm, uri).arg("--output").arg(to)
}

#[test]
fn a_key_born_on_a_token_has_a_certificate_that_others_take() {
    for kind in [
        "rsa:2048",
        "EC:prime256v1",
        "EC:secp384r1",
        "EC:edwards25519",
    ] {
        let Some(hsm) = token(kind) else { return };
        let folder = tempfile::tempdir().unwrap();
        let adopted = adopt(&hsm, "object=born", folder.path()).run().expect(0);
        assert!(adopted.stdout.starts_with("adopted "), "{}", adopted.stdout);
        let certificate = find(folder.path(), ".cert.asc");
        let fingerprint = certificate.file_name().unwrap().to_str().unwrap();
        let (fingerprint, _) = fingerprint.split_once('.').unwrap();

        // The same key and moment, the same fingerprint.
        let again = tempfile::tempdir().unwrap();
        adopt(&hsm, "id=%01", again.path()).run().expect(0);
        assert_eq!(listing(again.path()), listing(folder.path()));

        put(folder.path(), "notes.txt", "some words\n");
        let notes = folder.path().join("notes.txt");
        with_token(
            pkgseal(["sign", "--time", keys::SIGNED]),
            &hsm,
            "object=born",
        )
        .arg("--certificate")
        .arg(&certificate)
        .arg(&notes)
        .run()
        .expect(0);
        pkgseal(["verify", "--time", keys::NOW, "--keyring"])
            .arg(&certificate)
            .arg(&notes)
            .run()
            .expect(0);

        let armored = fs::read(&certificate).unwrap();
        let signature = fs::read(folder.path().join("notes.txt.asc")).unwrap();
        let words = fs::read(&notes).unwrap();
        let Some(home) = Home::new(&[]) else { return };
        home.import(&armored);
        let good = home.verify(&signature, Some(&words)).expect_ok();
        assert!(good.says("GOODSIG"), "{kind}: {good}");
        let listed = run(home.command().args(["--with-colons", "--list-keys"])).expect_ok();
        // It certifies and signs.
        assert!(
            listed.says(&format!("fpr:::::::::{fingerprint}:")),
            "{listed}"
        );
        assert!(listed.says(":scSC:"), "{listed}");
        if let Some(sq) = have("sq") {
            let mut inspect = sq.command();
            let seen = run(inspect.arg("inspect").arg(&certificate)).expect_ok();
            assert!(seen.says(fingerprint) && !seen.says("Invalid"), "{seen}");
        }
        // The revocation is one, once its colon is taken away.
        let revocation = fs::read_to_string(find(folder.path(), ".rev.asc")).unwrap();
        let plain = revocation.replace("\n:-----BEGIN", "\n-----BEGIN");
        put(folder.path(), "revocation.asc", plain);
        let file = folder.path().join("revocation.asc");
        // gpg fails afterwards, for there is no trust database in this home.
        let imported = run(home.command().arg("--import").arg(file));
        assert!(
            imported.says("revocation certificate imported"),
            "{imported}"
        );
        let revoked = home.verify(&signature, Some(&words));
        assert!(revoked.says("REVKEYSIG"), "{kind}: {revoked}");
    }
}

#[test]
fn what_cannot_be_adopted_is_told() {
    let Some(hsm) = token("EC:prime256v1") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path();
    let refused = |call: Call, reason: &str| {
        let run = call.run().expect(2);
        run.complains(reason);
        assert!(listing(to).is_empty());
    };
    refused(
        adopt(&hsm, "object=none", to),
        "no private key of that name",
    );
    refused(adopt(&hsm, "token=none", to), "no such token");
    refused(adopt(&hsm, "pin-value=1", to), "pin-value shows the PIN");
    refused(
        adopt(&hsm, "object=born", to).args(["--expires", "2024-01-01"]),
        "not after now",
    );
    let key = keys::load("good").secret_path();
    refused(
        pkgseal(["key", "adopt", "--user-id", "TEST", "--key"])
            .arg(key)
            .arg("--output")
            .arg(to),
        "only keys on tokens",
    );
    refused(
        adopt(&hsm, "object=born", to).args(["--key", "pkcs11:id=%01"]),
        "one key is adopted at a time",
    );
    for user_id in ["", " a", "a\nb"] {
        let call = pkgseal(["key", "adopt", "--time", "2025-01-01", "--user-id", user_id]);
        let call = with_token(call, &hsm, "object=born")
            .arg("--output")
            .arg(to);
        refused(call, "user ID");
    }
    make(&hsm, "EC:prime256v1", "02").unwrap();
    refused(adopt(&hsm, "object=born", to), "several keys match");
    make(&hsm, "rsa:1024", "03").unwrap();
    refused(adopt(&hsm, "id=%03", to), "2048 bits at least");
    make(&hsm, "EC:secp256k1", "04").unwrap();
    refused(adopt(&hsm, "id=%04", to), "key file or gpg-agent only");
    hsm.import(
        &keys::load("good-p384"),
        "lone",
        "05",
        pkgseal_testkit::peers::softhsm::Beside::Nothing,
    );
    refused(adopt(&hsm, "id=%05", to), "shows nothing public");
}

#[test]
fn nothing_is_overwritten() {
    let Some(hsm) = token("EC:prime256v1") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let uri = format!("token={}", TOKEN.replace(' ', "%20"));
    adopt(&hsm, &uri, folder.path()).run().expect(0);
    let certificate = find(folder.path(), ".cert.asc");
    let before = fs::read(&certificate).unwrap();
    let again = adopt(&hsm, &uri, folder.path()).run().expect(2);
    again.complains("exists already");
    assert_eq!(fs::read(&certificate).unwrap(), before);
}
