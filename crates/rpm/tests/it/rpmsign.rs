//! What rpmsign writes, given the same signatures: 4.18, and 4.20 of Debian 13.
//!
//! Entries, their order and their alignment are the same everywhere. The space reserved for
//! signatures is not: 4.18 takes from it what a signature needs, as we do, byte for byte,
//! but gives nothing back when one is taken out, so that the file shrinks; 4.20.1 leaves it
//! as it is, so that the file grows with every signature and shrinks again. Only here does
//! the payload stay where it is, and the unsigned file come back whoever had signed it.

use std::fs;
use std::path::Path;

use pkgseal_repo::Destination;
use pkgseal_rpm::editor::{Editor, padding};
use pkgseal_rpm::package::{self, Chosen, Existing, SignOptions, Whole};
use pkgseal_rpm::tag::SignatureTag;
use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::keys;
use pkgseal_testkit::peers::rpm as peer;
use pkgseal_testkit::peers::trixie::Room;

use crate::common::{assert_accepted, limits, trusting};
use crate::signing::Fixture;

const LEAD: usize = 96;

/// Where rpm keeps signatures.
const TAGS: [u32; 5] = [tag::DSA, tag::RSA, tag::OPENPGP, tag::PGP, tag::GPG];

fn roomy() -> Fixture {
    Fixture::new(&Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(4096)))
}

fn signature_header(package: &[u8]) -> &[u8] {
    let word = |at: usize| u32::from_be_bytes(package[at..at + 4].try_into().unwrap()) as usize;
    &package[LEAD..LEAD + 16 + 16 * word(LEAD + 8) + word(LEAD + 12)]
}

/// `package` with the signatures of `theirs` and no others, put in by our editor.
fn with_signatures_of(package: &[u8], theirs: &[u8]) -> Vec<u8> {
    let header = signature_header(package);
    let mut editor = Editor::parse(header, SignatureTag::RESERVEDSPACE).unwrap();
    let theirs = Parts::read(theirs);
    for tag in TAGS {
        editor.remove(SignatureTag(tag));
        let Some(entry) = theirs.get(tag) else {
            continue;
        };
        if tag == tag::OPENPGP {
            let strings: Vec<Vec<u8>> = entry.data.split(|&b| b == 0).map(<[u8]>::to_vec).collect();
            editor.put_strings(SignatureTag(tag), &strings[..entry.count as usize]);
        } else {
            editor.put(SignatureTag(tag), entry.data.clone());
        }
    }
    let edited = editor.finish().unwrap().header;
    let rest = LEAD + header.len() + padding(header.len());
    let mut ours = package[..LEAD].to_vec();
    ours.extend(&edited);
    ours.resize(ours.len() + padding(edited.len()), 0);
    ours.extend(&package[rest..]);
    ours
}

/// The bytes of `package` with this many bytes of reserve, moved or not.
fn with_reserve(package: &[u8], reserve: u32) -> Vec<u8> {
    let mut parts = Parts::read(package);
    parts = parts.with(Tag::binary(tag::RESERVEDSPACE, &vec![0; reserve as usize]));
    parts.build()
}

fn same_but_for_the_reserve(ours: &[u8], theirs: &[u8]) -> bool {
    let reserve = Parts::read(theirs).get(tag::RESERVEDSPACE).unwrap().count;
    let mut ours = with_reserve(ours, reserve);
    // Where the size changes, rpmsign writes a lead of its own.
    ours[..LEAD].copy_from_slice(&theirs[..LEAD]);
    ours == theirs
}

#[test]
fn the_same_signatures_give_the_same_bytes() {
    for key in ["good-rsa2048", "good-rsa4096", "good-ed25519"] {
        let key = keys::load(key);
        for options in [&["--addsign"][..], &["--addsign", "--rpmv3"], &["--resign"]] {
            let theirs = roomy();
            let Some(run) = peer::rpmsign(&theirs.path, options, &key) else {
                return;
            };
            run.expect_ok();
            let bytes = theirs.bytes();
            assert!(bytes != theirs.unsigned);
            let ours = with_signatures_of(&theirs.unsigned, &bytes);
            assert!(ours == bytes, "{} {options:?}", key.name());
        }
    }
}

#[test]
fn what_we_take_out_is_what_rpmsign_takes_out() {
    let rpmv3 = SignOptions {
        whole: Whole::Always,
        ..SignOptions::default()
    };
    for key in ["good-rsa2048", "good-ed25519"] {
        for options in [SignOptions::default(), rpmv3] {
            let theirs = roomy();
            theirs.sign_with(&[key], &options).unwrap();
            let signed = theirs.bytes();
            let Some(run) = peer::rpmsign(&theirs.path, &["--delsign"], &keys::load(key)) else {
                return;
            };
            run.expect_ok();
            let ours = roomy();
            fs::write(&ours.path, &signed).unwrap();
            let (staged, _) =
                package::unsign(&ours.path, Chosen::All, &Destination::Beside).unwrap();
            staged.commit().unwrap();
            assert!(ours.bytes() == ours.unsigned);
            assert!(
                same_but_for_the_reserve(&ours.bytes(), &theirs.bytes()),
                "{key} {options:?}"
            );
        }
    }
}

/// A signature on header and payload is one that rpm counts, and version 6 has none.
#[test]
fn signatures_on_header_and_payload_are_made_on_request() {
    let options = SignOptions {
        existing: Existing::Replace,
        whole: Whole::Always,
        ..SignOptions::default()
    };
    for (key, expected) in [("good-rsa2048", tag::PGP), ("good-ed25519", tag::GPG)] {
        let fixture = roomy();
        fixture.sign_with(&[key], &options).unwrap();
        assert!(fixture.parts().get(expected).is_some());
        let found = package::verify(&fixture.path, &trusting(&[key]), &limits()).unwrap();
        assert_accepted(&found);
        assert_eq!(found.signatures.len(), 2);
        if let Some(run) = peer::check(&fixture.path, &[&keys::load(key)]) {
            assert!(run.accepted(), "{run}");
            assert_eq!(run.text.matches("Signature, key ID").count(), 2, "{run}");
        }
        let six = Fixture::v6();
        let refused = six.sign_with(&[key], &options).unwrap_err();
        assert!(
            matches!(refused, pkgseal_rpm::Error::Broken { .. }),
            "{refused}"
        );
        assert!(six.bytes() == six.unsigned);
    }
}

/// rpmsign in the chroot, by the gpg there.
fn newer_rpmsign(room: &Room, package: &Path, key: &Path, fingerprint: &str, options: &str) {
    let script = format!(
        "set -e
         export GNUPGHOME={home}
         mkdir -p -m 700 \"$GNUPGHOME\"
         trap 'gpgconf --kill all' EXIT
         gpg --batch --quiet --import {key}
         rpmsign --define '_gpg_name {fingerprint}' --define '__gpg /usr/bin/gpg' \
             --define '_gpg_path {home}' \
             --define '_gpg_sign_cmd_extra_args --batch --pinentry-mode loopback' \
             {options} {package}",
        home = room.inside().join("gnupg").display(),
        key = key.display(),
        package = package.display(),
    );
    room.run("sh", ["-c", &script]).expect_ok();
}

#[test]
fn rpmsign_4_20_writes_the_same_entries() {
    let Some(room) = Room::new() else {
        return;
    };
    if !room.has("rpmsign") || !room.has("gpg") {
        println!("SKIP: the chroot has no rpmsign");
        return;
    }
    for name in ["good-rsa4096", "good-ed25519"] {
        let key = keys::load(name);
        let secret = room.put("key.asc", key.secret());
        for options in ["--addsign", "--addsign --rpmv3", "--resign"] {
            let fixture = roomy();
            let package = room.put("hello.rpm", &fixture.unsigned);
            newer_rpmsign(&room, &package, &secret, &key.fingerprint(), options);
            let theirs = fs::read(room.outside().join("hello.rpm")).unwrap();
            assert!(theirs != fixture.unsigned);
            let ours = with_signatures_of(&fixture.unsigned, &theirs);
            assert!(same_but_for_the_reserve(&ours, &theirs), "{name} {options}");
            assert_eq!(
                Parts::read(&theirs).get(tag::RESERVEDSPACE).unwrap().count,
                Parts::read(&fixture.unsigned)
                    .get(tag::RESERVEDSPACE)
                    .unwrap()
                    .count,
            );
        }
        // And it takes ours out as we do.
        let fixture = roomy();
        fixture.sign(&[name]).unwrap();
        let package = room.put("hello.rpm", fixture.bytes());
        newer_rpmsign(&room, &package, &secret, &key.fingerprint(), "--delsign");
        let theirs = fs::read(room.outside().join("hello.rpm")).unwrap();
        assert!(
            same_but_for_the_reserve(&fixture.unsigned, &theirs),
            "{name}"
        );
    }
}

/// What only we do: a header that had to grow is one that both rpms read.
#[test]
fn rpm_reads_headers_that_grew() {
    let key = keys::load("good-rsa4096");
    let fixture = Fixture::new(&Rpm::new("hello", "1.0", "noarch", Format::V4).reserve(Some(16)));
    fixture.sign(&["good-rsa4096"]).unwrap();
    assert_eq!(fixture.bytes().len(), fixture.unsigned.len() + 4096);
    if let Some(run) = peer::check(&fixture.path, &[&key]) {
        assert!(run.accepted(), "{run}");
    }
    let Some(room) = Room::new() else {
        return;
    };
    let package = room.put("hello.rpm", fixture.bytes());
    let certificate = room.put("key.asc", key.certificate());
    let database = format!("--dbpath={}", room.inside().join("db").display());
    let certificate = certificate.display().to_string();
    room.run("rpmkeys", [&*database, "--import", &certificate])
        .expect_ok();
    let package = package.display().to_string();
    let level = "--define=_pkgverify_level all";
    room.run("rpmkeys", [&*database, level, "-Kv", &package])
        .expect_ok();
}
