//! `pkgseal deb`: policies, debsig-verify's exit codes, signatures taken out.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_testkit::build::deb::{self, Deb};
use pkgseal_testkit::keys::{self, RawOptions, raw_sign};
use pkgseal_testkit::peers;

use crate::run::{Run, find, listing, pkgseal, private_key};

const TIME: &str = "2025-09-01";

/// A package in a folder of its own, with policies for the key `primary-signs`.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let key = keys::load("primary-signs");
    let id = key.fingerprint();
    let rule = format!("<Required Type=\"origin\" File=\"k.gpg\" id=\"{id}\"/>");
    let policy = format!(
        "<Policy xmlns=\"https://www.debian.org/debsig/1.0/\">\
         <Origin Name=\"TEST\" id=\"{id}\" Description=\"\u{9b}31mtest\"/>\
         <Selection>{rule}</Selection><Verification>{rule}</Verification></Policy>"
    );
    for (path, bytes) in [
        (format!("etc/policies/{id}/test.pol"), policy.into_bytes()),
        (format!("etc/keyrings/{id}/k.gpg"), key.certificate_binary()),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let path = folder.path().join("hello.deb");
    fs::write(&path, Deb::new("hello", "1.0", "amd64").build()).unwrap();
    (folder, path)
}

fn sign(path: &Path, key: &str, more: &[&str]) {
    let keys = tempfile::tempdir().unwrap();
    pkgseal(["sign", "--time", TIME, "--key"])
        .arg(private_key(keys.path(), &format!("{key}.key.asc")))
        .args(more)
        .arg(path)
        .run()
        .expect(0);
}

/// What debsig-verify and `pkgseal deb verify --debsig-verify` understand alike.
fn arguments(folder: &Path, path: &Path, more: &[&str]) -> Vec<OsString> {
    let places = ["--policies-dir", "/etc/policies"];
    let keyrings = ["--keyrings-dir", "/etc/keyrings", "--root"];
    let mut arguments: Vec<OsString> = Vec::new();
    arguments.extend(places.iter().chain(&keyrings).map(OsString::from));
    arguments.push(folder.into());
    arguments.extend(more.iter().map(OsString::from));
    arguments.push(path.into());
    arguments
}

fn answer(folder: &Path, path: &Path, more: &[&str]) -> Run {
    pkgseal(["deb", "verify", "--debsig-verify", "--time", TIME])
        .args(arguments(folder, path, more))
        .run()
}

fn debsig(folder: &Path, path: &Path, more: &[&str], status: i32) -> String {
    answer(folder, path, more).expect(status).stdout
}

#[test]
fn debsig_verify_is_answered_for() {
    let (folder, path) = place();
    let folder = folder.path();
    let said = debsig(folder, &path, &[], 10);
    assert!(
        said.starts_with("debsig: Origin Signature check failed."),
        "{said}"
    );
    sign(&path, "good-rsa4096", &[]);
    assert!(debsig(folder, &path, &[], 11).contains("Could not find Origin directory for "));
    sign(&path, "primary-signs", &["--existing", "replace"]);
    let said = debsig(folder, &path, &[], 0);
    assert!(
        said.starts_with("debsig: Verified package from '"),
        "{said}"
    );
    assert!(!said.contains('\u{9b}'), "{said:?}");
    assert_eq!(debsig(folder, &path, &["-q"], 0), "");
    assert!(debsig(folder, &path, &["-v"], 0).contains("Using policy directory: "));
    let said = debsig(folder, &path, &["--list-policies"], 0);
    assert!(said.contains("debsig:     Usable: test.pol"), "{said}");
    debsig(folder, &path, &["--use-policy", "none.pol"], 12);
    let mut bytes = fs::read(&path).unwrap();
    // Behind the archive's mark, two headers and `2.0`: a byte of control.tar.
    bytes[140] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let said = debsig(folder, &path, &[], 13);
    assert!(
        said.starts_with("debsig: Failed verification for "),
        "{said}"
    );
    fs::write(&path, b"no package").unwrap();
    debsig(folder, &path, &[], 14);
    fs::remove_file(&path).unwrap();
    debsig(folder, &path, &[], 14);
}

#[test]
fn policies_are_enforced_with_our_own_exit_codes() {
    let (folder, path) = place();
    let verify = |status| {
        let etc = folder.path().join("etc");
        pkgseal(["deb", "verify", "--time", TIME, "--policies-dir"])
            .arg(etc.join("policies"))
            .arg("--keyrings-dir")
            .arg(etc.join("keyrings"))
            .arg(&path)
            .run()
            .expect(status)
            .stdout
    };
    assert!(verify(1).contains("deb.policy.no-origin"));
    sign(&path, "primary-signs", &[]);
    assert!(verify(0).contains("deb.policy.passed"));
}

#[test]
fn signatures_are_taken_out_again() {
    let (folder, path) = place();
    let package = fs::read(&path).unwrap();
    sign(&path, "good-ed25519", &[]);
    sign(&path, "good-ed25519", &["--role", "qa"]);
    let unsign = |more: &[&str], status| {
        pkgseal(["deb", "unsign"])
            .args(more)
            .arg(&path)
            .run()
            .expect(status)
    };
    assert!(unsign(&["--role", "qa"], 0).stdout.contains("_gpgqa"));
    unsign(&["--role", "qa"], 2);
    unsign(&["--role", "Not a role"], 2);
    unsign(&["--json"], 0);
    assert_eq!(fs::read(&path).unwrap(), package);
    unsign(&[], 2);
    assert_eq!(listing(folder.path()), ["etc", "hello.deb"]);
}

#[test]
fn inspecting_shows_members_and_readers() {
    let (_folder, path) = place();
    let run = pkgseal(["inspect"]).arg(&path).run().expect(0);
    for line in [
        "package:       hello",
        "debsig-verify:",
        "they take the same members",
    ] {
        run.prints(line);
    }
    let run = pkgseal(["inspect", "--json"]).arg(&path).run().expect(0);
    run.prints("\"name\": \"member\"");
}

/// Packages for each of debsig-verify's exit codes.
fn packages(folder: &Path, signed: &[u8], unsigned: &[u8]) -> Vec<PathBuf> {
    let mut damaged = signed.to_vec();
    damaged[140] ^= 1;
    let mut other = unsigned.to_vec();
    let members = deb::signed_data(&Deb::new("hello", "1.0", "amd64").members());
    let stranger = raw_sign(
        &keys::load("primary-signs-rsa3072"),
        &members,
        &RawOptions::at(keys::SIGNED).binary(),
    );
    deb::append_signature(&mut other, "origin", &stranger);
    let mut maint = unsigned.to_vec();
    deb::append_signature(&mut maint, "maint", &stranger);
    [
        ("signed", signed.to_vec()),
        ("unsigned", unsigned.to_vec()),
        ("damaged", damaged),
        ("other-origin", other),
        ("maint-only", maint),
        ("text", b"no package".to_vec()),
        ("empty", Vec::new()),
    ]
    .into_iter()
    .map(|(name, bytes)| {
        let path = folder.join(format!("{name}.deb"));
        fs::write(&path, bytes).unwrap();
        path
    })
    .collect()
}

#[test]
fn debsig_verify_itself_says_the_same() {
    let Some(program) = peers::have("debsig-verify") else {
        return;
    };
    let (folder, path) = place();
    let folder = folder.path();
    let unsigned = fs::read(&path).unwrap();
    sign(&path, "primary-signs", &[]);
    let signed = fs::read(&path).unwrap();
    let compare = |path: &Path, more: &[&str]| {
        let theirs = program
            .command()
            .args(arguments(folder, path, more))
            .output()
            .unwrap();
        let ours = answer(folder, path, more);
        let shown = format!("{path:?} {more:?}: {theirs:?}, {}", ours.stdout);
        assert_eq!(theirs.status.code(), Some(ours.status), "{shown}");
        (theirs, ours)
    };
    // Other versions may choose other words.
    let same_words = program.run(["--version"]).says("Program Version - 0.28\n");
    let mut statuses = BTreeSet::new();
    for path in packages(folder, &signed, &unsigned) {
        for more in [&[][..], &["-q"], &["-v"], &["--use-policy", "none.pol"]] {
            let (theirs, ours) = compare(&path, more);
            statuses.insert(ours.status);
            // The steps on the way are its own, and of an empty file it names a function.
            if same_words && more != ["-v"] && !path.ends_with("empty.deb") {
                // Ours shows a control character, theirs has it raw.
                let words = String::from_utf8(theirs.stdout).unwrap();
                let words = words.replace('\u{9b}', "\\u{9b}");
                assert_eq!(words, ours.stdout, "{path:?} {more:?}");
                assert_eq!(theirs.stderr, ours.stderr.as_bytes(), "{path:?} {more:?}");
            }
        }
    }
    assert_eq!(Vec::from_iter(statuses), [0, 10, 11, 12, 13, 14]);
    let policy = find(folder, ".pol");
    let text = fs::read_to_string(&policy).unwrap();
    // Policies that are no XML are none: not to the program, and not to us.
    for (from, to, status) in [
        ("TEST", "&lt;&#233;", 0),
        ("TEST", "&#27;", 12),
        ("TEST", "\u{1b}", 12),
        ("TEST", "<", 12),
        ("TEST\" ", "TEST\"", 12),
        ("<Selection>", "<Selection><!-- a -- b -->", 12),
        ("<Policy", " <?xml version=\"1.0\"?><Policy", 12),
        ("<Policy", "<!DOCTYPE Policy SYSTEM x><Policy", 12),
    ] {
        fs::write(&policy, text.replacen(from, to, 1)).unwrap();
        let (_, ours) = compare(&path, &[]);
        assert_eq!(ours.status, status, "{from} {to:?}");
    }
}
