//! What clients trip over, each by its code.

use std::fs;

use pkgseal_deb::apt;
use pkgseal_openpgp::Examination;
use pkgseal_repo::{Destination, Limits, Outcome};
use pkgseal_testkit::keys;

use crate::common::{accepted, codes, folder, signed_repository, write};
use crate::publish::{numbered, publish_number};

/// Lints a Release of which one text was replaced by another.
fn lint(from: &str, to: &str) -> Examination {
    let text = numbered("stable", 1).release();
    assert!(text.contains(from), "{from}");
    lint_text(&text.replacen(from, to, 1))
}

fn lint_text(text: &str) -> Examination {
    let folder = folder();
    let path = write(folder.path(), "Release", text.as_bytes());
    apt::lint(&path, &Limits::default()).unwrap()
}

#[test]
fn each_trap_has_its_code() {
    const END: &str = "Acquire-By-Hash: yes\n";
    let fingerprint = keys::load("good").fingerprint();
    let v6 = keys::load("good-v6-ed25519").fingerprint();
    let within = "Valid-Until: Mon, 10 Mar 2025 00:00:00 UTC\n";
    let cases = [
        (
            END,
            format!("{END}Signed-By: {fingerprint}\n"),
            "apt.lint.signed-by",
        ),
        (
            END,
            format!("{END}{within}Signed-By: {v6}\n"),
            "apt.lint.fingerprint",
        ),
        (
            END,
            format!("{END}{within}Signed-By: {}\n", &fingerprint[24..]),
            "apt.lint.fingerprint",
        ),
        (
            END,
            format!("{END}Valid-Until: Fri, 01 Mar 2125 00:00:00 UTC\n"),
            "apt.lint.valid-until-far",
        ),
        (
            END,
            format!("{END}Valid-Until: Fri, 28 Feb 2025 00:00:00 UTC\n"),
            "apt.release.expired",
        ),
        (
            END,
            "Acquire-By-Hash: true\n".to_owned(),
            "apt.lint.by-hash",
        ),
        (
            END,
            format!("{END}ButAutomaticUpgrades: yes\n"),
            "apt.lint.automatic",
        ),
        (
            END,
            format!("{END}Acquire-By-Hash: yes\n"),
            "apt.release.duplicate-field",
        ),
        (
            END,
            format!("{END}No-Support-for-Architecture-all: yes\n"),
            "apt.lint.architecture-all",
        ),
        (END, format!("{END}-X: y\n"), "apt.lint.dash"),
        (
            "00:00:00 UTC",
            "00:00:00 +0000".to_owned(),
            "apt.lint.date-zone",
        ),
        (
            "00:00:00 UTC",
            "00:00:00 +0200".to_owned(),
            "apt.release.date",
        ),
        (
            "Architectures: amd64\n",
            "Architectures: amd64 all\n".to_owned(),
            "apt.lint.architecture-all",
        ),
        (
            "Architectures: amd64\n",
            "Architectures: arm64\n".to_owned(),
            "apt.lint.scope",
        ),
        ("Architectures: amd64\n", String::new(), "apt.lint.scope"),
        (
            "Components: contrib main\n",
            "Components: main\n".to_owned(),
            "apt.lint.scope",
        ),
        (
            "Components: contrib main\n",
            "Components: contrib main extra\n".to_owned(),
            "apt.lint.scope",
        ),
        (
            "Components: contrib main\n",
            String::new(),
            "apt.lint.scope",
        ),
        (
            "test repository\n",
            "test repository \n".to_owned(),
            "apt.lint.trailing-blanks",
        ),
        (
            "Suite: stable\nCodename: stable\n",
            String::new(),
            "apt.lint.nameless",
        ),
    ];
    for (from, to, code) in cases {
        let found = lint(from, &to);
        assert!(
            codes(&found).contains(&code),
            "{to}: {code}: {:?}",
            codes(&found)
        );
    }
    let plain = lint(END, END);
    accepted(&plain);
    assert_eq!(codes(&plain), ["apt.lint.no-valid-until"]);
    // Every code but the plain one comes with a step that helps.
    let signed_by = lint(END, &format!("{END}Signed-By: {fingerprint}\n"));
    assert!(
        signed_by
            .report
            .findings
            .iter()
            .all(|f| f.hint.is_some() && f.cause.is_some())
    );
}

#[test]
fn lists_are_held_against_each_other() {
    let text = numbered("stable", 1).release();
    let (before, sha512) = text.split_once("SHA512:\n").unwrap();
    let (head, _) = before.split_once("SHA256:\n").unwrap();
    let only = lint_text(&format!("{head}SHA512:\n{sha512}"));
    assert!(codes(&only).contains(&"apt.lint.no-sha256"));
    let (_, rest) = sha512.split_once('\n').unwrap();
    let uneven = lint_text(&format!("{before}SHA512:\n{rest}"));
    assert!(codes(&uneven).contains(&"apt.lint.uneven-lists"));
}

#[test]
fn size_is_apts() {
    let text = numbered("stable", 1).release();
    let padded = |size: usize| {
        let lines = " more and more and more and more and more\n";
        let more = lines.repeat((size - text.len()) / lines.len());
        let end = "Description: a test repository\n";
        lint_text(&text.replacen(end, &format!("{end}{more}"), 1))
    };
    assert!(codes(&padded(9_000_000)).contains(&"apt.lint.size"));
    let over = padded(10_100_000);
    assert!(codes(&over).contains(&"limit.exceeded"));
    assert_eq!(over.outcome(), Outcome::Rejected);
}

#[test]
fn repositories_are_looked_at_as_a_whole() {
    let folder = signed_repository();
    let root = folder.path();
    let found = apt::lint(root, &Limits::default()).unwrap();
    accepted(&found);
    assert_eq!(codes(&found), ["apt.lint.no-valid-until"]);
    let index = root.join("dists/stable/main/binary-amd64/by-hash");
    fs::remove_dir_all(index).unwrap();
    let found = apt::lint(root, &Limits::default()).unwrap();
    assert!(codes(&found).contains(&"apt.lint.by-hash"));

    let inrelease = root.join("dists/stable/InRelease");
    let message = fs::read_to_string(&inrelease).unwrap();
    let (_, block) = message.split_once("-----BEGIN PGP SIGNATURE-----").unwrap();
    let twice = format!("{message}-----BEGIN PGP SIGNATURE-----{block}");
    fs::write(&inrelease, twice).unwrap();
    for path in [root, &inrelease] {
        let found = apt::lint(path, &Limits::default()).unwrap();
        assert!(
            codes(&found).contains(&"apt.lint.armor-blocks"),
            "{found:#?}"
        );
    }
    fs::write(&inrelease, format!("before\n{message}")).unwrap();
    let found = apt::lint(&inrelease, &Limits::default()).unwrap();
    assert_eq!(found.outcome(), Outcome::Rejected);
    assert!(apt::lint(&root.join("pool"), &Limits::default()).is_ok());
    assert!(apt::lint(&root.join("dists/stable/Release.gpg"), &Limits::default()).is_err());
}

#[test]
fn signing_warns_and_refuses() {
    let folder = folder();
    let time = keys::time(keys::SIGNED);
    let signers = [keys::signer("good", time)];
    let sign = |more: &str| {
        let text = numbered("stable", 1).release();
        let text = text.replacen("Date:", &format!("{more}Date:"), 1);
        let path = write(folder.path(), "Release", text.as_bytes());
        apt::sign_release(
            &path,
            &signers,
            time,
            &Destination::Beside,
            &Limits::default(),
        )
    };
    let fingerprint = keys::load("good").fingerprint();
    let done = sign(&format!("Signed-By: {fingerprint}\n")).unwrap();
    assert_eq!(codes(&done.examination), ["apt.lint.signed-by"]);
    let before = fs::read(folder.path().join("InRelease")).unwrap();
    let refused = sign("Signed-By: somebody\n").unwrap_err();
    assert!(
        refused.to_string().contains("apt.lint.fingerprint"),
        "{refused}"
    );
    assert_eq!(fs::read(folder.path().join("InRelease")).unwrap(), before);
    // Nothing is said where nothing is wrong.
    assert!(
        publish_number(folder.path(), "stable", 1)
            .examination
            .report
            .findings
            .is_empty()
    );
}
