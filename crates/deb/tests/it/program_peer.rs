//! Beside debsig-verify: key states, roles, policies and damage, and every difference
//! written down in `crates/deb/DEBSIG.md` with its reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pkgseal_deb::policy::{self, List};
use pkgseal_openpgp::Profile;
use pkgseal_repo::{Limits, Severity};
use pkgseal_testkit::build::deb::{self, Deb};
use pkgseal_testkit::keys::{self, Hash, RawOptions, TestKey, With, raw_sign};
use pkgseal_testkit::peers;
use rayon::prelude::*;

use crate::policy::{Place, text};

/// Keys, and when each signs, with the key that is named.
const KEYS: &[(&str, &str)] = &[
    ("primary-signs", keys::SIGNED),
    ("primary-signs-rsa3072", keys::SIGNED),
    ("rsa1024", keys::SIGNED),
    ("good-ed25519", keys::SIGNED),
    ("good-v6-ed25519", keys::SIGNED),
    ("primary-signs-expired", keys::SIGNED),
    ("primary-signs-expired", "2025-08-01"),
    ("primary-signs-revoked-hard", keys::SIGNED),
    ("primary-signs-revoked-soft", keys::SIGNED),
    ("primary-signs-revoked-soft", "2025-08-01"),
    ("expired", keys::SIGNED),
    ("subkey-expired", "2025-08-01"),
    ("subkey-revoked-hard", keys::SIGNED),
    ("young", "2025-03-01"),
    ("sha1-binding", keys::SIGNED),
];

/// Policies: what they are called, and their blocks. `ID` is the key's fingerprint, `SHORT`
/// its key ID, `USER` its user ID.
const POLICIES: &[(&str, &str)] = &[
    (
        "required",
        r#"<Selection><Required Type="origin" File="k.gpg" id="ID"/></Selection><Verification><Required Type="origin" File="k.gpg" id="ID"/></Verification>"#,
    ),
    (
        "key ID",
        r#"<Selection><Required Type="origin" File="k.gpg" id="SHORT"/></Selection><Verification><Required Type="origin" File="k.gpg" id="SHORT"/></Verification>"#,
    ),
    (
        "user ID",
        r#"<Selection><Required Type="origin" File="k.gpg" id="USER"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "no id",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
];

/// More policies, for one key in order.
const SHAPES: &[(&str, &str)] = &[
    (
        "a role that is absent is required",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="maint" File="k.gpg"/></Verification>"#,
    ),
    (
        "a role that is absent is optional",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/><Optional Type="maint" File="k.gpg"/></Verification>"#,
    ),
    (
        "an optional role is absent and one is needed",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification MinOptional="1"><Required Type="origin" File="k.gpg"/><Optional Type="maint" File="k.gpg"/></Verification>"#,
    ),
    (
        "origin as the one optional role",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification MinOptional="1"><Optional Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "an absent optional role with an id",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/><Optional Type="maint" File="k.gpg" id="ID"/></Verification>"#,
    ),
    (
        "an absent role is rejected in Verification",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/><Reject Type="maint"/></Verification>"#,
    ),
    (
        "origin is rejected in Verification",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/><Reject Type="origin"/></Verification>"#,
    ),
    (
        "an absent role is rejected in Selection",
        r#"<Selection><Required Type="origin" File="k.gpg"/><Reject Type="maint"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "an absent role is rejected in Selection, with a keyring",
        r#"<Selection><Required Type="origin" File="k.gpg"/><Reject Type="maint" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "an absent role is required in Selection",
        r#"<Selection><Required Type="maint" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "an optional role in Selection is absent",
        r#"<Selection MinOptional="1"><Required Type="origin" File="k.gpg"/><Optional Type="maint" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "two Verification blocks, the second fails",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification><Verification><Required Type="maint" File="k.gpg"/></Verification>"#,
    ),
    (
        "two Selection blocks, the second fails",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Selection><Required Type="maint" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "the keyring is missing in Selection",
        r#"<Selection><Required Type="origin" File="none.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "the keyring is missing in Verification",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="none.gpg"/></Verification>"#,
    ),
    (
        "the keyring is armored",
        r#"<Selection><Required Type="origin" File="k.asc"/></Selection><Verification><Required Type="origin" File="k.asc"/></Verification>"#,
    ),
    (
        "the keyring is another key's in Verification",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="other.gpg"/></Verification>"#,
    ),
    (
        "the signature is older than Expiry",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg" Expiry="30"/></Verification>"#,
    ),
    (
        "the signature is younger than Expiry",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg" Expiry="30000"/></Verification>"#,
    ),
    (
        "the id is the end of a fingerprint",
        r#"<Selection><Required Type="origin" File="k.gpg" id="TAIL"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "the id is in lower case",
        r#"<Selection><Required Type="origin" File="k.gpg" id="LOWER"/></Selection><Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "no Selection",
        r#"<Verification><Required Type="origin" File="k.gpg"/></Verification>"#,
    ),
    (
        "no Verification",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection>"#,
    ),
    (
        "an empty Verification",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification/>"#,
    ),
    (
        "an unknown element",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg"/><Other/></Verification>"#,
    ),
    (
        "an unknown attribute",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="k.gpg" Other="x"/></Verification>"#,
    ),
    (
        "a keyring in another folder",
        r#"<Selection><Required Type="origin" File="k.gpg"/></Selection><Verification><Required Type="origin" File="../ID/k.gpg"/></Verification>"#,
    ),
];

struct Case {
    name: String,
    key: TestKey,
    package: Vec<u8>,
    policy: String,
    /// By key ID where not by fingerprint.
    short: bool,
}

fn options(time: &str) -> RawOptions {
    RawOptions::at(time).binary()
}

fn package(key: &TestKey, options: &RawOptions) -> Vec<u8> {
    let deb = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&deb.members());
    let mut bytes = deb.build();
    deb::append_signature(&mut bytes, "origin", &raw_sign(key, &data, options));
    bytes
}

fn filled(blocks: &str, key: &TestKey) -> String {
    let id = key.signing_fingerprint();
    let user = key.user_id().replace('<', "&lt;");
    blocks
        .replace("SHORT", &id[id.len().min(40) - 16..id.len().min(40)])
        .replace("TAIL", &id[id.len() - 8..])
        .replace("LOWER", &id.to_lowercase())
        .replace("USER", &user)
        .replace("\"ID\"", &format!("\"{id}\""))
        .replace("/ID/", &format!("/{id}/"))
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, time) in KEYS {
        let key = keys::load(name);
        for (shape, blocks) in POLICIES {
            cases.push(Case {
                name: format!("{name} signs on {time}: {shape}"),
                package: package(&key, &options(time)),
                policy: text(&key.signing_fingerprint(), &filled(blocks, &key)),
                key: key.clone(),
                short: false,
            });
        }
    }
    let key = keys::load("primary-signs");
    let case = |name: &str, package: Vec<u8>, policy: String| Case {
        name: name.to_owned(),
        key: key.clone(),
        package,
        policy,
        short: false,
    };
    let id = key.signing_fingerprint();
    let good = package(&key, &options(keys::SIGNED));
    for (shape, blocks) in SHAPES {
        let policy = text(&id, &filled(blocks, &key));
        cases.push(case(shape, good.clone(), policy));
    }
    let policy = text(&id, &filled(POLICIES[0].1, &key));
    cases.push(Case {
        short: true,
        ..case("folders by key ID", good.clone(), policy.clone())
    });
    let other = keys::load("primary-signs-rsa3072").fingerprint();
    let elsewhere = policy.replacen(
        &format!("id=\"{id}\" Desc"),
        &format!("id=\"{other}\" Desc"),
        1,
    );
    for (name, changed) in [
        ("the Origin is another key's", elsewhere),
        (
            "no namespace",
            policy.replace(" xmlns=\"https://www.debian.org/debsig/1.0/\"", ""),
        ),
        (
            "another namespace",
            policy.replace("debsig/1.0/\">", "debsig/2.0/\">"),
        ),
        ("no document type", {
            let mut lines: Vec<&str> = policy.lines().collect();
            lines.remove(1);
            lines.join("\n")
        }),
        (
            "text in a block",
            policy.replace("<Selection>", "<Selection>text"),
        ),
        (
            "a policy that ends too early",
            policy[..policy.len() - 12].to_owned(),
        ),
    ] {
        cases.push(case(name, good.clone(), changed));
    }
    for hash in [
        Hash::Md5,
        Hash::Sha1,
        Hash::Sha224,
        Hash::Sha384,
        Hash::Sha512,
    ] {
        let rsa = keys::load("primary-signs-rsa3072");
        let policy = text(&rsa.fingerprint(), &filled(POLICIES[0].1, &rsa));
        cases.push(Case {
            key: rsa.clone(),
            ..case(
                &format!("a {hash:?} signature"),
                package(&rsa, &options(keys::SIGNED).hash(hash)),
                policy,
            )
        });
    }
    cases.extend(
        packages(&key)
            .into_iter()
            .map(|(name, bytes)| case(&name, bytes, policy.clone())),
    );
    cases
}

/// Packages that are damaged, or signed in other ways.
fn packages(key: &TestKey) -> Vec<(String, Vec<u8>)> {
    let deb = Deb::new("hello", "1.0", "amd64");
    let data = deb::signed_data(&deb.members());
    let with = |role: &str, signature: &[u8]| {
        let mut bytes = deb.build();
        deb::append_signature(&mut bytes, role, signature);
        bytes
    };
    let sign = |data: &[u8]| raw_sign(key, data, &options(keys::SIGNED));
    let stranger = raw_sign(
        &keys::load("stranger"),
        &data,
        &options(keys::SIGNED).with(With::Primary),
    );
    let good = sign(&data);
    let mut list = vec![
        ("unsigned".to_owned(), deb.build()),
        ("signed as maint only".to_owned(), with("maint", &good)),
        (
            "garbage as a signature".to_owned(),
            with("origin", b"garbage\n"),
        ),
        (
            "a bad signature".to_owned(),
            with("origin", &sign(b"something else")),
        ),
        (
            "an armored signature".to_owned(),
            with("origin", &keys::armor(&good)),
        ),
        (
            "a stranger's signature behind the good one".to_owned(),
            with("origin", &[&good[..], &stranger].concat()),
        ),
        (
            "a stranger's signature before the good one".to_owned(),
            with("origin", &[&stranger[..], &good].concat()),
        ),
        (
            "a stranger's signature".to_owned(),
            with("origin", &stranger),
        ),
        (
            "an expired signature".to_owned(),
            with(
                "origin",
                &raw_sign(key, &data, &options(keys::SIGNED).expires_in(3600)),
            ),
        ),
        (
            "a text signature".to_owned(),
            with(
                "origin",
                &raw_sign(key, &data, &options(keys::SIGNED).form(keys::Form::Text)),
            ),
        ),
    ];
    for case in deb::malformed(&deb, &sign) {
        list.push((
            format!("archive: {}", case.name.replace('-', " ")),
            case.bytes,
        ));
    }
    list
}

/// The program's exit code, ours, and why ours is another.
fn compare(case: &Case) -> Option<(i32, i32, String)> {
    let program = peers::have("debsig-verify")?;
    let place = Place::new();
    let full = case.key.signing_fingerprint();
    let id = if case.short {
        &full[24..]
    } else {
        full.as_str()
    };
    place.policy(id, "test.pol", &case.policy);
    let name = case.key.name();
    let keyring = place.keyring(id, "k.gpg", &[name]);
    place.keyring(id, "other.gpg", &["primary-signs-rsa3072"]);
    std::fs::write(keyring.with_file_name("k.asc"), case.key.certificate()).unwrap();
    let path = place.package(&case.package);
    let policies = place.policies();
    let run = peers::run(
        program
            .command()
            .arg("--policies-dir")
            .arg(&policies.policies)
            .arg("--keyrings-dir")
            .arg(&policies.keyrings)
            .arg(&path),
    );
    let now = keys::time(keys::NOW);
    let (profile, limits) = (Profile::strict(), Limits::default());
    let answer =
        policy::debsig_verify(&path, &policies, List::Verify, &profile, now, &limits).unwrap();
    let findings = &answer.examination.report.findings;
    let codes: BTreeSet<&str> = findings
        .iter()
        .filter(|finding| {
            finding.severity == Severity::Reject || finding.code.id.starts_with("deb.policy.m")
        })
        .map(|finding| finding.code.id)
        .collect();
    let codes: Vec<&str> = codes.into_iter().collect();
    Some((run.status, i32::from(answer.status), codes.join(", ")))
}

/// Where signing subkeys are concerned, 0.28 is behind the versions from 0.30 on.
const SUBKEYS: &str = "from 0.30 on debsig-verify knows signing subkeys, as we do";

/// gpg answers for debsig-verify, and knows version 4 only.
const VERSION_6: &str = "gpg reads no signatures of version 6";

#[test]
fn debsig_verify_and_we_agree_or_we_are_stricter() {
    let cases = cases();
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let answers: Vec<_> = cases.par_iter().map(compare).collect();
    if answers.iter().any(Option::is_none) {
        return;
    }
    let mut table = String::new();
    let (mut equal, mut accepted, mut worse) = (0, 0, Vec::new());
    for (case, answer) in cases.iter().zip(answers) {
        let (theirs, ours, codes) = answer.unwrap();
        accepted += usize::from(theirs == 0 && ours == 0);
        if theirs == ours {
            equal += 1;
            continue;
        }
        let subkey = case.key.fingerprint() != case.key.signing_fingerprint();
        let (reason, known) = match theirs {
            _ if ours != 0 => (codes.as_str(), true),
            10 => (VERSION_6, case.key.fingerprint().len() == 64),
            12 => (SUBKEYS, subkey),
            _ => ("", false),
        };
        if !known {
            worse.push(format!("{}: {theirs}, and we accept", case.name));
        }
        let _ = writeln!(table, "| {} | {theirs} | {ours} | {reason} |", case.name);
    }
    assert!(worse.is_empty(), "{worse:#?}");
    assert!(accepted >= 8, "the oracle accepts something: {accepted}");
    let head = format!(
        "Of {} cases, {equal} have the same exit code, {accepted} of them 0.\n\n\
         | case | debsig-verify 0.28 | pkgseal | reason |\n|---|---|---|---|\n",
        cases.len()
    );
    // Other versions differ in other cases.
    let version = peers::have("debsig-verify").map(|program| program.run(["--version"]).text);
    if version.is_some_and(|version| version.contains("Program Version - 0.28")) {
        written_down(&format!("{head}{table}"));
    }
}

/// Compares with what DEBSIG.md says; `PKGSEAL_WRITE_TABLES` writes it there.
fn written_down(table: &str) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/DEBSIG.md");
    let document = std::fs::read_to_string(path).unwrap();
    let mark = "<!-- generated from here on -->\n";
    let (head, written) = document.split_once(mark).unwrap();
    if std::env::var_os("PKGSEAL_WRITE_TABLES").is_some() {
        std::fs::write(path, format!("{head}{mark}\n{table}")).unwrap();
        return;
    }
    assert_eq!(
        written.trim(),
        table.trim(),
        "write it again with PKGSEAL_WRITE_TABLES=1"
    );
}

#[test]
fn policies_are_listed_as_the_program_lists_them() {
    let key = keys::load("primary-signs");
    let id = key.fingerprint();
    let place = Place::new();
    place.policy(&id, "one.pol", &text(&id, &filled(POLICIES[0].1, &key)));
    place.policy(&id, "two.pol", &text(&id, &filled(POLICIES[1].1, &key)));
    place.policy(&id, "none.pol", &text(&id, &filled(SHAPES[9].1, &key)));
    place.keyring(&id, "k.gpg", &["primary-signs"]);
    let path = place.package(&package(&key, &options(keys::SIGNED)));
    let policies = place.policies();
    let now = keys::time(keys::NOW);
    let (profile, limits) = (Profile::strict(), Limits::default());
    let answer =
        policy::debsig_verify(&path, &policies, List::Policies, &profile, now, &limits).unwrap();
    let ours: BTreeSet<String> = answer
        .lines
        .iter()
        .filter(|line| line.level == policy::Level::Always)
        .map(|line| format!("debsig: {}", line.text))
        .collect();
    assert_eq!(answer.status, 0);
    assert!(ours.contains("debsig:     Usable: one.pol"), "{ours:?}");
    let Some(program) = peers::have("debsig-verify") else {
        return;
    };
    let run = peers::run(
        program
            .command()
            .arg("--list-policies")
            .arg("--policies-dir")
            .arg(&policies.policies)
            .arg("--keyrings-dir")
            .arg(&policies.keyrings)
            .arg(&path),
    );
    let theirs: BTreeSet<String> = run.expect_ok().text.lines().map(str::to_owned).collect();
    assert_eq!(ours, theirs);
}
