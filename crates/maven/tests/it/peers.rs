//! What we sign, others accept; what others sign, we accept.

use std::fs;

use pkgseal_maven::artifact;
use pkgseal_repo::{Destination, Limits};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::bouncycastle;
use pkgseal_testkit::peers::gnupg::{Home, gpgv};
use pkgseal_testkit::peers::sequoia::sqv;

use crate::{assert_accepted, folder, plus, verifier};

const CONTENT: &[u8] = b"the content of an artifact\n";

fn signed(names: &[&str]) -> Vec<u8> {
    let time = keys::time(keys::SIGNED);
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    let signers: Vec<_> = names.iter().map(|name| keys::signer(name, time)).collect();
    let limits = Limits::default();
    artifact::sign(&path, &signers, time, &Destination::Beside, &limits).unwrap();
    fs::read(plus(&path, ".asc")).unwrap()
}

/// Algorithms of GnuPG 2.2 and of OpenPGP before RFC 9580.
const CLASSIC: [&str; 6] = [
    "good",
    "good-rsa2048",
    "good-rsa4096",
    "good-p256",
    "good-p384",
    "good-p521",
];

#[test]
fn gpgv_accepts_what_we_sign() {
    for name in CLASSIC {
        let Some(run) = gpgv(&keys::keyring(&[name]), &signed(&[name]), Some(CONTENT)) else {
            return;
        };
        let run = run.expect_ok();
        assert!(run.says("GOODSIG"), "{name}: {run}");
    }
}

#[test]
fn gpgv_accepts_a_v4_signature_before_v6_ones() {
    let both = signed(&["good-v6-ed25519", "good"]);
    let Some(run) = gpgv(&keys::keyring(&["good"]), &both, Some(CONTENT)) else {
        return;
    };
    assert!(run.says("GOODSIG"), "{run}");
}

#[test]
fn gpgv_rejects_what_we_reject() {
    let Some(run) = gpgv(
        &keys::keyring(&["good"]),
        &signed(&["good"]),
        Some(b"other"),
    ) else {
        return;
    };
    assert!(run.expect_failure().says("BADSIG"));
}

#[test]
fn sqv_accepts_what_we_sign() {
    for name in CLASSIC {
        let Some(run) = sqv(&keys::keyring(&[name]), &signed(&[name]), CONTENT) else {
            return;
        };
        run.expect_ok();
    }
    if let Some(run) = sqv(&keys::keyring(&["good"]), &signed(&["good"]), b"other") {
        run.expect_failure();
    }
}

#[test]
fn we_accept_what_gpg_signs() {
    let classic = CLASSIC.map(keys::load);
    let Some(home) = Home::new(&classic.each_ref()) else {
        return;
    };
    let time = keys::time(keys::SIGNED);
    let check = |names: &[&str], signature: &[u8]| {
        let (_dir, path) = folder("lib-1.0.jar", CONTENT);
        fs::write(plus(&path, ".asc"), signature).unwrap();
        let limits = Limits::default();
        assert_accepted(&artifact::verify(&path, &verifier(names), &limits).unwrap());
        fs::write(&path, "other").unwrap();
        let other = artifact::verify(&path, &verifier(names), &limits).unwrap();
        crate::assert_rejected(&other, pkgseal_openpgp::codes::BAD);
    };
    for key in &classic {
        let signature = home.detach_sign(&[key], CONTENT, time);
        check(&[key.name()], &signature);
    }
    let several = home.detach_sign(&[&classic[0], &classic[1]], CONTENT, time);
    check(&[classic[0].name(), classic[1].name()], &several);
}

#[test]
fn bouncycastle_accepts_what_we_sign() {
    let signatures = CLASSIC.map(|name| (keys::keyring(&[name]), signed(&[name])));
    let mut questions = Vec::new();
    for (certificates, signature) in &signatures {
        questions.push((&**certificates, &**signature, CONTENT));
        questions.push((&**certificates, &**signature, &b"other"[..]));
    }
    let Some(answers) = bouncycastle::verify(&questions) else {
        return;
    };
    let expected: Vec<bool> = [true, false].repeat(CLASSIC.len());
    assert_eq!(answers, expected, "{CLASSIC:?}");
}

#[test]
fn bouncycastle_accepts_a_whole_tree_of_ours() {
    let dir = crate::tree_verify::repository();
    let certificate = keys::keyring(&["good"]);
    let files = crate::contents(dir.path());
    let content = |name: &str| {
        let mut all = files.iter();
        all.find(|(known, _)| known == name).unwrap().1.as_slice()
    };
    let questions: Vec<bouncycastle::Question<'_>> = files
        .iter()
        .filter_map(|(name, signature)| {
            let data = content(name.strip_suffix(".asc")?);
            Some((certificate.as_slice(), signature.as_slice(), data))
        })
        .collect();
    if let Some(answers) = bouncycastle::verify(&questions) {
        assert_eq!(answers, vec![true; 12]);
    }
}

#[test]
fn we_accept_what_bouncycastle_signs() {
    let time = keys::time(keys::SIGNED);
    for name in ["good", "good-rsa4096", "good-p256"] {
        let key = keys::load(name);
        let Some(signature) = bouncycastle::sign(key.secret(), CONTENT, time.as_second()) else {
            return;
        };
        let (_dir, path) = folder("lib-1.0.jar", CONTENT);
        fs::write(plus(&path, ".asc"), signature).unwrap();
        let limits = Limits::default();
        assert_accepted(&artifact::verify(&path, &verifier(&[name]), &limits).unwrap());
        fs::write(&path, "other").unwrap();
        let other = artifact::verify(&path, &verifier(&[name]), &limits).unwrap();
        crate::assert_rejected(&other, pkgseal_openpgp::codes::BAD);
    }
}

/// Gradle's signatures over a key that expired pass with BouncyCastle; with us only under
/// a profile that says so.
#[test]
fn bouncycastle_asks_for_no_expiry_and_we_do() {
    let late = keys::RawOptions::at("2025-06-15");
    let signature = keys::raw_sign(&keys::load("expired"), CONTENT, &late);
    let certificate = keys::keyring(&["expired"]);
    let Some(answers) = bouncycastle::verify(&[(&certificate, &signature, CONTENT)]) else {
        return;
    };
    assert_eq!(answers, [true]);
    let (_dir, path) = folder("lib-1.0.jar", CONTENT);
    fs::write(plus(&path, ".asc"), signature).unwrap();
    for (profile, accepted) in [("strict", false), ("maven-legacy", false), ("gradle", true)] {
        let verifier = pkgseal_openpgp::Verifier::new(
            keys::certificates(&["expired"]),
            pkgseal_openpgp::Profile::named(profile).unwrap(),
            keys::time(keys::NOW),
        );
        let judged = artifact::verify(&path, &verifier, &Limits::default()).unwrap();
        let outcome = judged.outcome() == pkgseal_repo::Outcome::Accepted;
        assert_eq!(outcome, accepted, "{profile}: {judged:#?}");
    }
}

/// Maven's own order of versions, from its ComparableVersion.
#[test]
fn versions_stand_in_the_order_of_maven_itself() {
    let jars =
        ["maven3-artifact", "commons-lang3"].map(|name| format!("/usr/share/java/{name}.jar"));
    if jars.iter().any(|jar| !std::path::Path::new(jar).is_file()) {
        println!("SKIP: libmaven3-core-java is not installed");
        return;
    }
    let Some(java) = pkgseal_testkit::peers::have("java") else {
        return;
    };
    let versions = [
        "1",
        "1.0",
        "1.0.0",
        "1-alpha-1",
        "1.0-alpha1",
        "1a1",
        "1b2",
        "1-beta",
        "1-m3",
        "1.0-rc1",
        "1-cr2",
        "1.0-SNAPSHOT",
        "1.0.Final",
        "1-ga",
        "1.sp",
        "1-sp-1",
        "1-foo",
        "1-1",
        "1.0.1",
        "1.1",
        "1.9",
        "1.10",
        "2.0-beta-9",
        "2.0-beta-10",
        "2",
        "3.8.0-RC1",
        "20040616",
        "2.2.1b",
        "1.0-beta-2",
        "1.7.0",
        "0.10.5",
        "1.0.0.RELEASE",
        "4.13-beta-3",
        "r03",
        "31.1-jre",
        "31.1-android",
        "1.0.0-M1",
        "1.0.0-M10",
    ];
    let mut command = java.command();
    command
        .args(["-cp", &jars.join(":")])
        .arg("org.apache.maven.artifact.versioning.ComparableVersion");
    // Each printed line compares an argument with the one before.
    for (from, first) in versions.iter().enumerate() {
        for second in versions.iter().skip(from + 1) {
            command.args([first, second]);
        }
    }
    let run = pkgseal_testkit::peers::run(&mut command).expect_ok();
    let mut checked = 0;
    for line in run.text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [a, sign @ ("<" | "==" | ">"), b] = words.as_slice() else {
            continue;
        };
        let expected = match *sign {
            "<" => std::cmp::Ordering::Less,
            "==" => std::cmp::Ordering::Equal,
            _ => std::cmp::Ordering::Greater,
        };
        let found = pkgseal_maven::trust::compare_versions(a, b);
        assert_eq!(found, expected, "{a} {sign} {b}");
        checked += 1;
    }
    assert!(
        checked > versions.len() * (versions.len() - 1) / 2,
        "{checked}"
    );
}
