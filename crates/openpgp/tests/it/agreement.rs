//! What others sign, we accept; and where we differ from them, on purpose.

use std::process::Command;

use pkgseal_openpgp::{
    BadKey, Certificate, Certificates, Object, Profile, SignatureReport, Status, Verifier,
    cleartext,
};
use pkgseal_testkit::keys::{self, Form, Hash, RawOptions, TestKey};
use pkgseal_testkit::peers::{self, gnupg, sequoia};

const TEXT: &str = "Origin: Test\n\n- a dash\nFrom here\n-----BEGIN PGP\n ünïcode\n\tlast\n";
const V4: [&str; 7] = [
    "good-ed25519",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
    "primary-signs-rsa3072",
];

fn verifier(names: &[&str], profile: Profile) -> Verifier {
    Verifier::new(keys::certificates(names), profile, keys::time(keys::NOW))
}

fn strict(names: &[&str]) -> Verifier {
    verifier(names, Profile::strict())
}

#[test]
fn what_gpg_clearsigns() {
    let loaded: Vec<TestKey> = V4.iter().map(|name| keys::load(name)).collect();
    let signers: Vec<&TestKey> = loaded.iter().collect();
    let Some(home) = gnupg::Home::new(&signers) else {
        return;
    };
    let at = keys::time(keys::SIGNED);
    for (name, signer) in V4.iter().zip(&signers) {
        let message = home.clearsign(&[signer], TEXT.as_bytes(), at);
        let (sealed, report) = strict(&[name])
            .cleartext(Object::Repository, &message)
            .accept();
        let sealed = sealed.unwrap_or_else(|| panic!("{name}: {report:?}"));
        assert_eq!(sealed.get(), TEXT.as_bytes());
    }
    let message = home.clearsign(&signers, TEXT.as_bytes(), at);
    let judged = strict(&V4).cleartext(Object::Repository, &message);
    assert_eq!(judged.report().accepted_signers().unwrap().len(), V4.len());
    // gpg ends a text without a final line end by itself.
    let message = home.clearsign(&signers[..1], b"no end", at);
    let judged = strict(&V4).cleartext(Object::Artifact, &message);
    assert!(judged.report().is_accepted());
}

#[test]
fn what_gpg_signs_detached() {
    let loaded: Vec<TestKey> = V4.iter().map(|name| keys::load(name)).collect();
    let signers: Vec<&TestKey> = loaded.iter().collect();
    let Some(home) = gnupg::Home::new(&signers) else {
        return;
    };
    let at = keys::time(keys::SIGNED);
    for data in [&b""[..], b"\0\r\n\xff", TEXT.as_bytes()] {
        let signature = home.detach_sign(&signers, data, at);
        let report = strict(&V4)
            .detached(Object::Artifact, data, &signature)
            .unwrap();
        assert_eq!(report.accepted_signers().unwrap().len(), V4.len());
    }
}

/// Runs gpg at the moment signatures are made.
fn gpg(home: &gnupg::Home, arguments: &[&str]) {
    let mut command: Command = home.command();
    command.args(["--faked-system-time", "20250301T000000!"]);
    peers::run(command.args(arguments)).expect_ok();
}

fn text_mode(home: &gnupg::Home, data: &[u8]) -> Vec<u8> {
    let file = home.path().join("text");
    std::fs::write(&file, data).unwrap();
    let file = file.to_str().unwrap();
    gpg(home, &["--armor", "--textmode", "--detach-sign", file]);
    std::fs::read(format!("{file}.asc")).unwrap()
}

#[test]
fn what_gpg_signs_as_text() {
    let good = keys::load("good");
    let Some(home) = gnupg::Home::new(&[&good]) else {
        return;
    };
    let legacy = verifier(&["good"], Profile::named("legacy").unwrap());
    for data in [
        "a\nb\n",
        "a\r\nb\r\n",
        "a\r\nb\nc",
        "\n\n",
        "",
        "a \n\tb\t\n",
    ] {
        let signature = text_mode(&home, data.as_bytes());
        let report = legacy
            .detached(Object::Artifact, data.as_bytes(), &signature)
            .unwrap();
        assert!(report.is_accepted(), "{data:?}: {report:?}");
        assert_eq!(report.signatures[0].form, "text");
        let report = strict(&["good"])
            .detached(Object::Artifact, data.as_bytes(), &signature)
            .unwrap();
        assert_eq!(report.is_accepted(), !data.contains('\r'), "{data:?}");
    }
}

/// A DSA key, which only gpg still makes.
fn dsa(home: &gnupg::Home, bits: &str) -> (Vec<Certificate>, Vec<u8>) {
    let user_id = format!("dsa{bits}@test.invalid");
    gpg(
        home,
        &[
            "--quick-generate-key",
            &user_id,
            &format!("dsa{bits}"),
            "sign",
            "never",
        ],
    );
    let file = home.path().join(&user_id);
    std::fs::write(&file, TEXT).unwrap();
    gpg(
        home,
        &[
            "--digest-algo",
            "SHA256",
            "--local-user",
            &user_id,
            "--detach-sign",
            file.to_str().unwrap(),
        ],
    );
    let exported = home.path().join(format!("{user_id}.gpg"));
    gpg(
        home,
        &["--output", exported.to_str().unwrap(), "--export", &user_id],
    );
    (
        Certificate::parse_all(&std::fs::read(exported).unwrap()).0,
        std::fs::read(home.path().join(format!("{user_id}.sig"))).unwrap(),
    )
}

#[test]
fn dsa_by_gpg() {
    let Some(home) = gnupg::Home::new(&[]) else {
        return;
    };
    for (bits, legacy_takes_it) in [("1024", false), ("2048", true)] {
        let (certificates, signature) = dsa(&home, bits);
        let judge = |profile: Profile| -> SignatureReport {
            let certificates = Certificates::new(certificates.clone());
            Verifier::new(certificates, profile, keys::time(keys::NOW))
                .detached(Object::Package, TEXT.as_bytes(), &signature)
                .unwrap()
        };
        let report = judge(Profile::strict());
        assert_eq!(
            report.signatures[0].status,
            Status::WeakAlgorithm,
            "{report:?}"
        );
        assert_eq!(
            report.signatures[0].public_key_algorithm,
            format!("DSA{bits}")
        );
        let cause = report.findings("")[0].cause.clone().unwrap();
        assert!(
            cause.contains("public-key.dsa.accept = \"never\""),
            "{cause}"
        );
        let report = judge(Profile::named("legacy").unwrap());
        assert_eq!(report.is_accepted(), legacy_takes_it, "{report:?}");
    }
}

#[test]
fn what_sqv_accepts_and_we_do_not() {
    // sqv asks whether the key was alive when it signed, never whether it is now.
    let key = keys::load("expired");
    let signature = keys::raw_sign(&key, TEXT.as_bytes(), &RawOptions::at(keys::SIGNED));
    let Some(run) = sequoia::sqv(&key.certificate_binary(), &signature, TEXT.as_bytes()) else {
        return;
    };
    run.expect_ok();
    let report = strict(&["expired"])
        .detached(Object::Repository, TEXT.as_bytes(), &signature)
        .unwrap();
    assert_eq!(report.signatures[0].status, Status::BadKey(BadKey::Expired));
}

#[test]
fn what_gpgv_accepts_and_we_do_not() {
    // gpgv exits 0 for expired and revoked keys, and for text around a message.
    for name in ["expired", "revoked-soft", "subkey-expired"] {
        let key = keys::load(name);
        let signature = keys::raw_sign(&key, TEXT.as_bytes(), &RawOptions::at("2025-08-01"));
        let keyring = key.certificate_binary();
        let Some(run) = gnupg::gpgv(&keyring, &signature, Some(TEXT.as_bytes())) else {
            return;
        };
        println!("gpgv on {name}: exit {}", run.status);
        let report = strict(&[name])
            .detached(Object::Package, TEXT.as_bytes(), &signature)
            .unwrap();
        assert!(!report.is_accepted(), "{name}");
    }
    let key = keys::load("good");
    let message = keys::raw_clearsign(&[(&key, RawOptions::at(keys::SIGNED))], TEXT);
    let around = [b"unsigned\n", message.as_slice(), b"unsigned\n"].concat();
    if let Some(run) = gnupg::gpgv(&key.certificate_binary(), &around, None) {
        run.expect_ok();
    }
    assert!(cleartext::split(&around).is_err());
}

/// Whatever we accept of these, gpgv and sqv accept too.
#[test]
fn we_accept_nothing_the_others_refuse() {
    let options = [
        RawOptions::at(keys::SIGNED),
        RawOptions::at(keys::SIGNED).binary(),
        RawOptions::at(keys::SIGNED).hash(Hash::Sha512),
        RawOptions::at(keys::SIGNED).hash(Hash::Sha1),
        RawOptions::at(keys::SIGNED).form(Form::Text),
        RawOptions::at(keys::SIGNED).form(Form::Standalone),
        RawOptions::at(keys::SIGNED).critical_notation("x@test.invalid", "1"),
        RawOptions::at("2025-06-02"),
        RawOptions::at("2025-07-02"),
    ];
    let data = b"line\nline\n";
    let mut accepted = 0;
    // The installed ones know version 4 only, and sqv no Brainpool.
    let four = |name: &&str| {
        !["v6", "mldsa", "brainpool"]
            .iter()
            .any(|not| name.contains(not))
    };
    for name in keys::names().into_iter().filter(four) {
        let key = keys::load(name);
        // Odd options on a few keys, the usual one on all.
        let odd = matches!(name, "good-ed25519" | "expired" | "revoked-soft");
        let options = if odd { &options[..] } else { &options[..1] };
        for options in options {
            let signature = keys::raw_sign(&key, data, options);
            let report = strict(&[name])
                .detached(Object::Artifact, &data[..], &signature)
                .unwrap();
            if !report.is_accepted() {
                continue;
            }
            accepted += 1;
            let keyring = key.certificate_binary();
            for run in [
                gnupg::gpgv(&keyring, &signature, Some(data)),
                sequoia::sqv(&keyring, &signature, data),
            ]
            .into_iter()
            .flatten()
            {
                assert!(run.accepted(), "{name} {options:?}: {run}");
            }
        }
    }
    assert!(accepted > 20, "{accepted}");
}
